"""What the doctor sees.

``desktop.Desktop`` joins everything: it takes the newest ``DeskView`` from ``bridge.Bridge`` (the only place where Qt
and asyncio meet), hands it to the windows, and turns the facts they emit into calls of ``desk_port.DeskPort``.

Windows: ``dock`` (the strip beside the record), ``plan_window``, ``call_window`` (with its pages ``starting``,
``call_page`` and ``after``), ``small_window``, ``devices``, ``adapters_page``. Smaller pieces carry one thing each:
``patient_line``, ``today``, ``party_panel``, ``party_row``, ``chat_panel``, ``phone_panel``, ``call_bar``,
``self_view``, ``video_view``, ``bands``. A widget gets frozen values and emits facts; it knows no service.

``theme`` holds every colour and size, ``stylesheet`` turns it into a style sheet, ``icons`` draws the symbols,
``wording`` turns states into words. ``gallery`` renders every screen to pictures, from the ``scenes``.
"""
