"""Devices, rings of samples and tones: the phone's way to microphone and loudspeaker."""

from linkus_desktop.sip.audio.audio import Audio
from linkus_desktop.sip.audio.backend import SILENCE_DB, Backend, Device, NoSound, Sound
from linkus_desktop.sip.audio.tones import Ring, Tone

__all__ = ["SILENCE_DB", "Audio", "Backend", "Device", "NoSound", "Ring", "Sound", "Tone"]
