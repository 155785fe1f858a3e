"""The PBX server that Linkus Desktop pairs with."""

__version__ = "0.1.0"
