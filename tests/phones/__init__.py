"""Real phones for tests, and the measuring of what they hear.

Each phone is a process of its own, with its own folder and its own free ports: Debian's baresip and
linphone-cli, sipp, and the client's own SIP layer. `script.ScriptPhone` is a SIP user agent of ours whose
every message a test can see and bend.
"""
