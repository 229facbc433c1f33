"""The contest: seconds and arithmetic to the same accuracy, this library's recipe against its rivals

    ENTR_DATA=folder python benchmarks/contest.py [--sets aerial steel bees steel-224] [--rivals ...] [--epochs 5]
                                                  [--lrs 2e-3] [--seeds 0 1 2 3 4]

ENTR_DATA holds the three sets, as `entr_data` puts them or in class folders (`entr_fastai.datasets` looks for them).
ResNet-18, final size 128 px, and 224 px for `steel-224`. A rival is named `recipe/schedule`: the recipe is `users`,
what its users write (32 bits, `vision_learner`), or `same`, everything of ours but the sizes. Writes one run record a
run to a folder in data/results/contest/ that is named for what the machine computes in: bf16, fp32, or fp16 on a GPU.
Runs whose record is there are not repeated, unless `--folder contest-again` or another name puts them elsewhere in
data/results/. The seeds are the outermost loop, every second one backwards, so that what is compared has run side by
side. Run nothing else meanwhile.
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
from entr_fastai.weights import fetch_weights, weights_source
from entr_fastai.datasets import split_by_group

results = Path(__file__).resolve().parent.parent/'data/results/contest'
bs = 32

def some_aerial(data):
    "All aerial images; a random fifth is for validation"
    files = get_image_files(data/'aerial').sorted()
    df = pd.DataFrame(dict(file=files, label=files.map(parent_label)))
    df['valid'] = df.index.isin(RandomSplitter(.2, seed=0)(files)[1])
    return df

def some_bees(data):
    "2,000 of the bees by health, drawn with a seed; identical files on one side"
    return split_by_group(bees(data).sample(2000, random_state=0).reset_index(drop=True))

# images and final size
sets = {'aerial':(some_aerial,128), 'steel':(steel,128), 'bees':(some_bees,128), 'steel-224':(steel,224)}

def stock_dls(df, px):
    "As fastai's documentation begins"
    # `vision_learner` would normalise its first loaders only, and not those that take their place
    tfms = [*aug_transforms(), Normalize.from_stats(*imagenet_stats)]
    return ImageDataLoaders.from_df(df, path='/', fn_col='file', label_col='label', valid_col='valid', bs=bs,
                                    item_tfms=Resize(px), batch_tfms=tfms)

def logged(learn, schedule, fits):
    "Run `fits`, fits of fastai's own, and leave on `learn` the log that `progressive_fit` would"
    log = FitLog()
    for fit in fits: fit(log)
    learn.schedule = as_schedule(schedule)
    learn.progress = FitTable([{**o, 'epoch':i} for i,o in enumerate(log.rows)])

def stock(df, size, n, lr):
    "fastai's own loader and `fine_tune` at the final size"
    learn = vision_learner(stock_dls(df, size), resnet18, metrics=accuracy)
    return learn, lambda: logged(learn, f'{size}x{n}', [lambda log: learn.fine_tune(n-1, lr, cbs=log)])

def course(df, size, n, lr):
    "The course's idiom: `fine_tune` on small images, then on larger ones that take their place"
    small = size//2
    first,then = stock_dls(df, small),stock_dls(df, size)
    dls = DataLoaders(first.train, then.valid) # judged at the final size from the beginning
    learn = vision_learner(dls, resnet18, metrics=accuracy)
    def earlier(log): learn.fine_tune(n//2-1, lr, cbs=log)
    def later(log):
        learn.dls = then
        learn.fine_tune(n-n//2-1, lr, cbs=log)
    return learn, lambda: logged(learn, f'{small}x{n//2},{size}x{n-n//2}', [earlier, later])

def in_parts_of_4(size, n, start, finish):
    "Half of the size until the share `start` of the fit, then in steps of 4 px up to all of it at the share `finish`"
    small = size//2 # an epoch has the size of its middle
    share = [min(1, max(0, ((e+.5)/n-start)/(finish-start))) for e in range(n)]
    return [(small + round((size-small)*o/4)*4, 1) for o in share] + [(size,0)]

schedules = dict(
    fixed=fixed,
    half=lambda size, n: reduced(size//2, size, n),
    three_quarters=lambda size, n: reduced(size*3//4, size, n),
    course=lambda size, n: one_step(size//2, size, n),
    fastxtend=lambda size, n: in_parts_of_4(size, n, .5, .75),
    composer=lambda size, n: in_parts_of_4(size, n, .5, .8),
    from_half=lambda size, n: gradual(size//2, size, n),
    from_three_quarters=lambda size, n: gradual(size*3//4, size, n))

def by_schedule(recipe, name):
    "A rival that is a schedule"
    def make(df, size, n, lr):
        stock_loader = (recipe,name)==('users','fastxtend')
        dls = stock_dls(df, size) if stock_loader else image_dls(df, size, bs=bs, valid_col='valid')
        learn = (entr_learner if recipe=='same' else vision_learner)(dls, resnet18, metrics=accuracy)
        whole = {} if recipe=='same' else dict(freeze_to=0) # fastai trains all layers
        return learn, lambda: learn.progressive_fit(n, schedules[name](size, n), lr=lr, **whole)
    return make

users_schedules = [o for o in schedules if o!='course' and not o.startswith('from_')]
rivals = {**{f'same/{o}':by_schedule('same', o) for o in schedules},
          **{f'users/{o}':by_schedule('users', o) for o in users_schedules},
          'users/stock':stock, 'users/course':course}

def run(record, make, facts, images, n, lr, also):
    "One fit, unless its record is there"
    if record.exists(): return
    set_seed(facts['seed'])
    began = perf_counter()
    df,size = images
    learn,fit = make(df, size, n, lr)
    learn.weights = weights_source(fetch_weights(resnet18)) # of fastai's learners, too
    setup = perf_counter()-began # decoding once belongs to the time, and others decode as they train
    learn.dls.train.rng.seed(facts['seed'])
    start = deepcopy(learn.model.state_dict())
    begun = RunRecord.begin(learn, files=list(df.file), **facts)
    with learn.no_bar(), learn.no_logging(): fit()
    done = begun.finish(learn)
    done.training.update(setup_seconds=setup, base_lr=lr, **also(learn, start))
    done.write(record)
    accuracies = ' '.join(f"{o['accuracy']:.3f}" for o in done.epochs)
    print(record.stem, done.schedule, accuracies, f"{setup:.1f} + {done.seconds['train']:.1f} s", flush=True)

def machine():
    "What this machine computes in with our recipe; seconds of machines that differ in this are not compared"
    mixed = mixed_precision(default_device())
    return mixed.amp_mode.value if mixed else 'fp32'

def compete(folder, rivals, names, seeds, epochs=(5,), lrs=(2e-3,), also=lambda learn, start: {}):
    """All runs that are still missing in `folder` of such a machine

    `also` says more of each, from the trained Learner and its starting weights.
    """
    if 'ENTR_DATA' not in os.environ: sys.exit('Set ENTR_DATA to the folder that holds the three sets.')
    warnings.filterwarnings('ignore')
    folder,data = folder/machine(),Path(os.environ['ENTR_DATA'])
    images = {o:(sets[o][0](data), sets[o][1]) for o in names}
    for seed in seeds:
        cells = list(itertools.product(images, rivals, epochs, lrs))
        for name,rival,n,lr in cells[::-1 if seed%2 else 1]:
            stem = re.sub(r'\W+', '-', f'{name}-{rival}-{n}x{lr*1e4:g}-s{seed}')
            facts = dict(name=name, regime=rival, seed=seed)
            run(folder/f'{stem}.json', rivals[rival], facts, images[name], n, lr, also)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--folder', default='contest')
    p.add_argument('--sets', nargs='+', default=list(sets))
    p.add_argument('--rivals', nargs='+', default=list(rivals))
    p.add_argument('--epochs', nargs='+', type=int, default=[5])
    p.add_argument('--lrs', nargs='+', type=float, default=[2e-3])
    p.add_argument('--seeds', nargs='+', type=int, default=range(5))
    args = p.parse_args()
    asked = {o:rivals[o] for o in args.rivals}
    compete(results.with_name(args.folder), asked, args.sets, args.seeds, args.epochs, args.lrs)

if __name__ == '__main__': main()
