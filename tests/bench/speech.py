"""Danish speech made by a machine, for measuring sound: by espeak-ng where it is installed, else generated babble.

Only the sound that the program makes is used, and none of it is kept in the repository.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from functools import lru_cache

import av
import numpy as np

from vdx_plugin.media.sound import RATE_HZ, Samples, speechlike

TEXT = """Goddag, det er lægen. Kan du høre mig tydeligt? Fortæl mig, hvornår smerterne begyndte. Har du haft feber,
hoste eller åndenød siden i mandags?
Jeg vil gerne se din hals, så vend dig lidt mod lyset. Tag to tabletter morgen og aften
i syv dage, og drik rigeligt med vand. Hvis det bliver værre, skal du ringe til os med det samme. Blodprøven viser et
let forhøjet tal, men det er ikke farligt. Vi aftaler en ny tid om fjorten dage, og så måler vi blodtrykket igen."""


@lru_cache(maxsize=2)
def speech(seconds: float, speed: int = 150) -> Samples:
    """Return Danish speech, 48 kHz mono, of that length; the text is repeated."""
    spoken = _spoken(speed) if shutil.which("espeak-ng") else speechlike()
    return np.resize(spoken, int(seconds * RATE_HZ))


def _spoken(speed: int) -> Samples:
    command = ["espeak-ng", "-v", "da", "-s", str(speed), "--stdout", " ".join(TEXT.split())]
    with wave.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)) as source:
        rate_hz = source.getframerate()
        # A stream names no length, so everything there is is read.
        sound = np.frombuffer(source.readframes(1 << 26), dtype=np.int16)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate_hz
    made: Samples = np.concatenate([part.to_ndarray()[0] for part in resampler.resample(frame)])
    return made
