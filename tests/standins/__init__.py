"""Stand-ins for outside services: they speak the protocol and check what they receive."""
