"""GNU Health 5.0 on Tryton with our companion module, on SQLite or PostgreSQL, with Tryton's web client."""
