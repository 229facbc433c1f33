__version__ = "0.0.1"

from entr_fastai.schedule import *
from entr_fastai.loader import *
from entr_fastai.resize import *
from entr_fastai.record import *
from entr_fastai.learner import *
from entr_fastai.datasets import *
