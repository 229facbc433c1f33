"""Whether a fit by the clock keeps its time, and whether an epoch takes what `measure` says

    ENTR_DATA=folder python benchmarks/plan.py [budgets|busy|costs|before|whole ...] [--only TEXT] [--most MINUTES]

`budgets`: `progressive_fit(minutes=…)` for the cases below, 1 to 8 minutes on drawn and real images, ResNet-18 and
EfficientNet-Lite0 (left out without timm), 96 to 224 px. `busy`: some of them with a process that keeps a core busy
from half of the time on. `costs`: three times, seconds of an epoch at each size from 64 to 224 px, as measured before
and as they were. `before`: seconds of looking and measuring for a fit of 8 minutes. `whole`: whole runs of the study of
ResNet-50, and what its cost model says of them. One record a run in data/results/plan/; runs whose record is there are
not repeated. ENTR_DATA holds the sets, as `entr_data` puts them. Run nothing else meanwhile, and set no
OMP_NUM_THREADS.
"""
import json, os, subprocess, sys, warnings
from argparse import ArgumentParser
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from time import perf_counter
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.plan import Costs, measure
from entr_fastai.commands import plan_only
from entr_fastai.record import environment, json_plain
from entr_fastai.study import studies, study_cells, train_cell

results = Path(__file__).resolve().parent.parent/'data/results/plan'
lite = 'tf_efficientnet_lite0'

# set, network, final size, minutes
budgets = [('samples','resnet18',96,1), ('aerial','resnet18',96,1), ('bees','resnet18',96,1),
           ('steel','resnet18',128,1), ('samples',lite,128,1), ('steel','resnet18',128,2),
           ('samples','resnet18',128,2), ('aerial','resnet18',128,2), ('steel',lite,128,2),
           ('bees','resnet18',128,3), ('aerial',lite,128,3), ('steel','resnet18',224,4), ('aerial','resnet18',128,4),
           ('bees',lite,128,4), ('steel',lite,224,5), ('aerial','resnet18',224,8), ('aerial','resnet18',128,8)]
beside = [('samples','resnet18',96,1), ('steel','resnet18',128,1), ('aerial','resnet18',128,2), ('steel',lite,128,2),
          ('bees','resnet18',128,3), ('aerial','resnet18',128,4)]
costs = [('aerial','resnet18',224,0), ('aerial',lite,224,0)]
before = [(name,'resnet18',size,8) for name in ('aerial','steel','bees') for size in (128,224)]
whole = [(name,'resnet50',128,0) for name in ('steel','aerial')]

def images(name):
    "What `image_dls` takes for a set"
    if name=='samples': return samples('steel')
    data = Path(os.environ['ENTR_DATA'])
    if name=='aerial': return data/'aerial'
    df = dict(steel=steel, bees=bees)[name](data)[['file','label']] # split at random: accuracy is not the question
    return df.sample(2000, random_state=0).reset_index(drop=True) if name=='bees' else df

def learner(name, arch, size):
    "For one of the sets"
    return entr_learner(image_dls(images(name), size, bs=32), arch)

@contextmanager
def busy(after):
    "A process that keeps a core busy, after so many seconds; none if that is `None`"
    begun = []
    def begin(): begun.append(subprocess.Popen([sys.executable, '-c', 'while True: pass']))
    timer = Timer(after or 0, begin)
    if after is not None: timer.start()
    try: yield
    finally:
        timer.cancel()
        for o in begun: o.kill()

def rows(log, measured):
    "What each epoch took, and what it was said to take"
    said = Costs(measured)
    columns = log[['size','frozen','train_seconds','valid_seconds','wait_seconds','accuracy']]
    return [dict(o, said=said.train(o['size'], o['frozen']), said_valid=said.valid) for o in columns.to_dict('records')]

def keep_time(case, beside):
    "A fit of so many minutes"
    name,arch,size,minutes = case
    learn = learner(name, arch, size)
    began = perf_counter()
    with busy(30*minutes if beside else None), learn.no_bar(), learn.no_logging():
        learn.progressive_fit(minutes=minutes, since=began)
        took = perf_counter()-began
    plan,log = learn.plan,learn.progress
    return dict(seconds=took, off=took/(60*minutes)-1, before=plan.before, planned=str(plan.schedule),
                trained=str(learn.schedule), epochs=rows(log, plan.measured))

def each_size(case):
    "Epochs at each size, in fits without a clock; several, as the machine's own pace varies"
    return dict(turns=[sizes_once(*case[:3]) for _ in range(3)])

def sizes_once(name, arch, size):
    "What was measured, and what epochs at each size then took"
    learn = learner(name, arch, size)
    began = perf_counter()
    measured = measure(learn)
    took = perf_counter()-began
    stages = f'64x1,{",".join(f"{o}x1" for o in range(64, size+1, 32))}' # the first warms up, and trains the head alone
    with learn.no_bar(), learn.no_logging(): learn.progressive_fit(sizes=stages)
    return dict(measuring=took, measured=measured.reset_index().to_dict('records'),
                epochs=rows(learn.progress, measured))

def until_trained(case):
    "What comes before the training"
    name,arch,size,minutes = case
    learn = learner(name, arch, size)
    began = perf_counter()
    plan = plan_only(learn, minutes)
    took = perf_counter()-began
    return dict(seconds=took, share=took/(60*minutes), planned=str(plan.schedule), epochs=[])

def as_modelled(cell):
    "What a run of a study took, and what was said of it"
    with TemporaryDirectory() as d: seconds = train_cell(cell, d)[0].seconds
    took = seconds['train']+seconds['valid']
    return dict(regime=cell.regime, schedule=str(cell.schedule), modelled=cell.seconds, took=took)

def whole_runs(case):
    "Those of a study on one set, with the first seed"
    name,arch,_,_ = case
    study = f'paper-small-{arch}'
    cells = study_cells(studies[study], results.parent/study)
    return dict(epochs=[], runs=[as_modelled(o) for o in cells if o.dataset==name and o.seed==0])

parts = dict(budgets=(budgets, lambda case: keep_time(case, False)), busy=(beside, lambda case: keep_time(case, True)),
             costs=(costs, each_size), before=(before, until_trained), whole=(whole, whole_runs))

def run(folder, part, case, f):
    "One run, unless its record is there"
    if case[1]==lite and not find_spec('timm'): return print(*case, 'is left out: timm is not installed')
    file = folder/f"{part}-{'-'.join(map(str, case))}.json"
    if file.exists(): return print(file.name, 'is there')
    set_seed(0)
    facts = dict(zip(('dataset','arch','size','minutes'), case))
    record = dict(part=part, **facts, **f(case), **environment())
    write_whole(file, json.dumps(json_plain(record), indent=1)+'\n')
    off = f"{record['off']:+.1%} of {case[3]} min, {record['trained']}" if 'off' in record else ''
    if 'share' in record: off = f"{record['share']:.1%} of {case[3]} min"
    if 'runs' in record: off = ' '.join(f"{o['regime']}:{o['took']/o['modelled']:.2f}" for o in record['runs'])
    epochs = [o for turn in record.get('turns', [record]) for o in turn['epochs']]
    said = ' '.join(f"{o['size']}:{o['said']/o['train_seconds']:.2f}" for o in epochs if o['train_seconds'])
    print(file.stem, off, said, flush=True)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('parts', nargs='*', default=list(parts), help=', '.join(parts))
    p.add_argument('--only', default='', help='cases whose name has this in it')
    p.add_argument('--most', type=float, default=60, help='cases of at most so many minutes')
    p.add_argument('--folder', type=Path, default=results)
    args = p.parse_args()
    if 'ENTR_DATA' not in os.environ: sys.exit('Set ENTR_DATA to the folder that holds the sets.')
    if 'OMP_NUM_THREADS' in os.environ: sys.exit('OMP_NUM_THREADS is set: unset it.')
    warnings.filterwarnings('ignore')
    for part in args.parts:
        cases,f = parts[part]
        for case in cases:
            if args.only in '-'.join(map(str, case)) and case[3]<=args.most: run(args.folder, part, case, f)

if __name__ == '__main__': main()
