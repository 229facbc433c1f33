"Train fastai image classifiers on small images first and let the size grow"
__version__ = "0.0.1"

import warnings

with warnings.catch_warnings():
    # fastai brings torch.jit.script along; the warning is for its authors, and would stand before every message of
    # the commands
    warnings.filterwarnings('ignore', message='`torch.jit.script', category=FutureWarning)
    from .schedule import SizeSchedule, as_schedule, fixed, gradual, one_step, reduced
    from .loader import decode_once, image_dls
    from .resize import ProgressiveResize
    from .guard import guarded
    from .record import RunRecord, read_runs
    from .look import look
    from .plan import measure, plan
    from .learner import entr_learner, progressive_fit
    from .samples import samples
    from .datasets import aerial, bees, cifar10, get_set, imagenette, steel
    from .study import Study, run_study
    from .figures import draw_all
    from .mechanism import mechanism_report
    from .deploy import export_onnx, latency_table, plot_latency, predict_files

# what `from entr_fastai import *` gives; everything else is imported from its module
__all__ = ['SizeSchedule', 'as_schedule', 'fixed', 'gradual', 'one_step', 'reduced', 'decode_once', 'image_dls',
           'ProgressiveResize', 'guarded', 'RunRecord', 'read_runs', 'look', 'measure', 'plan', 'entr_learner',
           'progressive_fit', 'samples', 'aerial', 'bees', 'cifar10', 'get_set', 'imagenette', 'steel', 'Study',
           'run_study', 'draw_all', 'mechanism_report', 'export_onnx', 'latency_table', 'plot_latency', 'predict_files']

del warnings
