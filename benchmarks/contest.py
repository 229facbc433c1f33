"""The contest: whole fits of this library's default beside what users would write instead, image by image

    ENTR_DATA=folder python benchmarks/contest.py [--sets steel bees:2000 aerial] [--archs resnet18]
                                                  [--rivals ...] [--seeds 0 1 2 3 4]

ENTR_DATA holds the three sets, as `entr_data` puts them. Five epochs' worth of images, the first of them with the head
alone, final size 128 px, batches of 32; fold and seed go together, as in `entr_study paper-small`. Writes a run record
and what was said of each image to a folder in data/results/contest/ that is named for what the machine computes in with
our recipe: bf16, fp32, or fp16 on a GPU. Runs whose record is there are not repeated. The seeds are the outermost loop,
every second one backwards, so that what is compared has run side by side. Run nothing else meanwhile.
`nbs/paper/01_contest.ipynb` draws the records.
"""
import os, sys, warnings
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.fast import mixed_precision
from entr_fastai.learner import FitLog, FitTable
from entr_fastai.record import precision_of
from entr_fastai.study import Cell, Study, study_images, write_logits
from entr_fastai.weights import as_arch, fetch_weights, weights_source

results = Path(__file__).resolve().parent.parent/'data/results/contest'
size,epochs,bs = 128,5,32
sets = 'steel','bees:2000','aerial'

def with_fold(name, seed):
    "The table of a set, in which column `valid` says what fold number `seed` judges by"
    df,folds = study_images(name)
    return df.assign(valid=folds[seed%len(folds)])

def fastai_dls(df, item_tfms, batch_tfms):
    "fastai's own loaders of a table from `with_fold`"
    # `vision_learner` would normalise its first loaders only, and not those that take their place
    block = DataBlock((ImageBlock,CategoryBlock), get_y=dict(zip(df.file, df.label)).get,
                      splitter=IndexSplitter(np.flatnonzero(df.valid)), item_tfms=item_tfms,
                      batch_tfms=[*batch_tfms, Normalize.from_stats(*imagenet_stats)])
    return block.dataloaders(list(df.file), bs=bs)

def stock_dls(df, px):
    "As fastai's documentation begins"
    return fastai_dls(df, Resize(px), aug_transforms())

def logged(learn, schedule, *fits):
    "Run `fits`, fits of fastai's own, and leave on `learn` the log that `progressive_fit` would"
    log = FitLog()
    for fit in fits: fit(log)
    learn.schedule = as_schedule(schedule)
    learn.progress = FitTable([{**o, 'epoch':i} for i,o in enumerate(log.rows)])

def stock(df, arch):
    "fastai's own loader and `fine_tune`, at the final size throughout"
    learn = vision_learner(stock_dls(df, size), arch, metrics=accuracy)
    return learn, lambda: logged(learn, f'{size}x{epochs}', lambda log: learn.fine_tune(epochs-1, cbs=log))

def course(df, arch):
    "The course's idiom: `fine_tune` on small images, then on larger ones that take their place"
    small,n = size//2,epochs//2
    first,then = stock_dls(df, small),stock_dls(df, size)
    dls = DataLoaders(first.train, then.valid) # judged at the final size from the beginning
    learn = vision_learner(dls, arch, metrics=accuracy)
    def earlier(log): learn.fine_tune(n-1, cbs=log)
    def later(log):
        learn.dls = then
        learn.fine_tune(epochs-n-1, cbs=log)
    return learn, lambda: logged(learn, f'{small}x{n},{size}x{epochs-n}', earlier, later)

def in_parts_of_4(start, finish):
    "Half of the size until the share `start` of the fit, then in steps of 4 px up to all of it at the share `finish`"
    small = size//2 # an epoch has the size of its middle
    share = [min(1, max(0, ((e+.5)/epochs-start)/(finish-start))) for e in range(epochs)]
    return as_schedule([(small + round((size-small)*o/4)*4, 1) for o in share] + [(size,0)])

def by_callback(schedule):
    "fastai's own loader and `fine_tune` with our callback, in the schedule of another library"
    def make(df, arch):
        learn = vision_learner(stock_dls(df, size), arch, metrics=accuracy)
        def fit(log): learn.fine_tune(epochs-1, cbs=[ProgressiveResize(schedule), log])
        return learn, lambda: logged(learn, schedule, fit)
    return make

def ours(df, arch, dls_kw={}, learn_kw={}, fit_kw={}):
    "This library's default, or with a part of it changed"
    dls = image_dls(df, size, valid_col='valid', **merge(dict(bs=bs), dls_kw))
    learn = entr_learner(dls, arch, **learn_kw)
    return learn, lambda: learn.progressive_fit(**merge(dict(epochs=epochs), fit_kw))

rivals = dict(ours=ours, stock=stock, course=course, fastxtend=by_callback(in_parts_of_4(.5, .75)),
              composer=by_callback(in_parts_of_4(.5, .8)))

def run(folder, rival, cell, also):
    "One fit, unless its record is there"
    record = folder/f'{cell.stem}.json'
    if record.exists(): return
    df,arch = with_fold(cell.dataset, cell.seed),as_arch(cell.arch)
    set_seed(cell.seed)
    began = perf_counter()
    learn,fit = rival(df, arch)
    setup = perf_counter()-began # decoding once belongs to the time, and others decode as they train
    learn.weights = weights_source(fetch_weights(arch)) # of fastai's learners, too
    start = deepcopy(learn.model.state_dict())
    begun = RunRecord.begin(learn, seed=cell.seed, files=list(df.file), name=cell.name, regime=cell.regime)
    began = perf_counter()
    with learn.no_bar(), learn.no_logging(): fit()
    whole = setup+perf_counter()-began
    done = begun.finish(learn)
    done.training.update(setup_seconds=setup, whole_seconds=whole, **also(learn, start))
    write_logits(learn, cell, record.with_suffix('.npz'))
    done.write(record) # last: it says that the run has ended
    print(record.stem, done.schedule, f"{done.epochs[-1]['accuracy']:.3f} in {whole:.1f} s", flush=True)

def compete(folder, rivals, names, archs, seeds, also):
    "All runs of `rivals`, functions by name, that are still missing in `folder`"
    if 'ENTR_DATA' not in os.environ: sys.exit('Set ENTR_DATA to the folder that holds the three sets.')
    warnings.filterwarnings('ignore')
    precision = precision_of(mixed_precision(default_device())) # seconds of machines that differ in it are not compared
    study = Study(names, archs, final=size, bs=bs, seeds=seeds)
    for seed in study.seeds:
        cells = [Cell(study, *o, seed, as_schedule(f'{size}x{epochs}'))
                 for o in itertools.product(names, archs, rivals)]
        for cell in cells[::-1 if seed%2 else 1]: run(folder/precision, rivals[cell.regime], cell, also)

def asked(doc, rivals, folder, seeds, also=lambda learn, start: {}):
    "All runs that the command line asks for; `also` says more of each, from the trained Learner and its first weights"
    p = ArgumentParser(description=doc.splitlines()[0])
    p.add_argument('--sets', nargs='+', default=sets)
    p.add_argument('--archs', nargs='+', default=['resnet18'])
    p.add_argument('--rivals', nargs='+', default=list(rivals))
    p.add_argument('--seeds', nargs='+', type=int, default=seeds)
    args = p.parse_args()
    compete(folder, {o:rivals[o] for o in args.rivals}, args.sets, args.archs, args.seeds, also)

if __name__ == '__main__': asked(__doc__, rivals, results, range(5))
