__version__ = "0.0.1"

import warnings

with warnings.catch_warnings():
    # fastai brings torch.jit.script along; the warning is for its authors, and would stand before every message of the commands
    warnings.filterwarnings('ignore', message='`torch.jit.script', category=FutureWarning)
    from entr_fastai.schedule import *
    from entr_fastai.loader import *
    from entr_fastai.resize import *
    from entr_fastai.guard import guarded
    from entr_fastai.record import *
    from entr_fastai.learner import *
    from entr_fastai.datasets import *
    from entr_fastai.published import *

del warnings
