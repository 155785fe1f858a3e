"""Hot keys: keys that work while another program has the focus (SIP-2), each system's way behind one face."""
