"""``python -m vdx_plugin`` and the command ``vdx-plugin``."""

from vdx_plugin.cli import main

if __name__ == "__main__":
    main()
