"""The phone; the only package that imports pjsua2.

`phone.Phone` has calls (`call.Call`) over `audio.Audio`; `values` has the words that views need, without
PJSIP.
"""
