"""The contract for those who write adapters, one module for each version. Import nothing else of ``vdx_plugin``.

``v1`` is the present one. Within a version names are only added; what must go first warns for a year. The host
refuses a package whose manifest names another version than those found here.
"""
