"""What a client with an API key may speak beside μ-law."""
import ctypes

import numpy as np


class Pcm:
    """Signed 16 bit, little endian."""

    def __init__(self, rate):
        self.rate, self.media_format = rate, {"encoding": "audio/pcm", "sampleRate": rate, "channels": 1}
        self.sizes = set()

    def encode(self, pcm: np.ndarray) -> bytes:
        return pcm.astype("<i2").tobytes()

    def decode(self, payload: bytes) -> np.ndarray:
        self.sizes.add(len(payload))
        return np.frombuffer(payload, dtype="<i2")


class Opus:
    """Opus packets of 20 ms, by the system's libopus (package libopus0)."""
    rate, media_format = 48000, {"encoding": "audio/opus"}
    VOIP = 2048

    def __init__(self):
        self.library = ctypes.CDLL("libopus.so.0")
        for name in ("opus_encoder_create", "opus_decoder_create"):
            getattr(self.library, name).restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.encoder = ctypes.c_void_p(self.library.opus_encoder_create(self.rate, 1, self.VOIP, ctypes.byref(error)))
        self.decoder = ctypes.c_void_p(self.library.opus_decoder_create(self.rate, 1, ctypes.byref(error)))
        self.sizes = set()

    def encode(self, pcm: np.ndarray) -> bytes:
        pcm, packet = np.ascontiguousarray(pcm, dtype=np.int16), ctypes.create_string_buffer(1275)
        length = self.library.opus_encode(self.encoder, pcm.ctypes.data_as(ctypes.c_void_p), len(pcm), packet, len(packet))
        assert length > 0, length
        return packet.raw[:length]

    def decode(self, payload: bytes) -> np.ndarray:
        pcm = np.zeros(5760, np.int16)
        count = self.library.opus_decode(self.decoder, payload, len(payload), pcm.ctypes.data_as(ctypes.c_void_p), len(pcm), 0)
        assert count > 0, f"no Opus packet: {payload!r}"
        self.sizes.add(count)
        return pcm[:count].copy()
