"""What `look` sees in real images, and how long it takes

    ENTR_DATA=folder python benchmarks/look.py [sets tasks order ...] [--only TEXT] [--folder DIR] [--again]

`sets`: steel, bees and aerial at 128 and 224 px, and all 1,680 training images of aerial. `tasks`: a few classes of these
sets at 128 px, some that fall apart when small and some that do not. One record a look in data/results/look/, with the
seconds, the tables and the verdict; looks whose record is there are not repeated without --again. `order`: a study of
these tasks in data/results/look/order/, full size throughout and 64 px first in the same time, to be compared with what
was seen; its seconds are modelled, so it may run beside other work. ENTR_DATA holds the sets, as `entr_data` puts them;
ResNet-18's ImageNet weights are needed. Run nothing else beside the looks, and set no OMP_NUM_THREADS.
"""
import json, os, sys, warnings
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.datasets import published
from entr_fastai.record import environment, json_plain
from entr_fastai.study import Study, run_study
from entr_fastai.weights import fetch_weights, weights_source

results = Path(__file__).resolve().parent.parent/'data/results/look'

# name, set, classes (all if none are named), final size, images at most
sets = [*[(f'{name}-{size}', name, (), size, 1000) for name in ('steel','bees','aerial') for size in (128,224)],
        ('aerial-224-all', 'aerial', (), 224, 1680)]
tasks = [(name, name.split('-')[0], classes, 128, 1000) for name,classes in {
    'aerial-residential': ('denseresidential','mediumresidential','sparseresidential'),
    'aerial-land': ('agricultural','beach','chaparral','forest'),
    'aerial-roads': ('freeway','intersection','overpass','runway'),
    'aerial-parked': ('harbor','mobilehomepark','parkinglot','storagetanks'),
    'steel-pearlite': ('pearlite','pearlite+spheroidite','spheroidite'),
    'steel-network': ('network','pearlite'),
    'bees-mites': ('Varroa, Small Hive Beetles','few varrao, hive beetles'),
    'bees-ants': ('ant problems','hive being robbed')}.items()]

def of_classes(name, classes):
    "The images of a set, or of some of its classes"
    df = published[name]()
    return df[df.label.isin(classes)].reset_index(drop=True) if classes else df

def loaders(name, classes, size):
    "The images of a set, or of some of its classes, on the sides where the set has them"
    df = of_classes(name, classes)
    known = set(df.label[df.valid]) & set(df.label[~df.valid]) # a class may be on one side alone
    df = df[df.label.isin(known)].reset_index(drop=True)
    return image_dls(df, size, file_col='file', label_col='label', valid_col='valid')

def case(name, of, classes, size, most):
    "The record of a look"
    dls = loaders(of, classes, size)
    begun = perf_counter()
    seen = look(dls, most=most)
    seconds = perf_counter()-begun
    if seen.why: sys.exit(seen.why)
    print(f'{name}: {seconds:.1f} s. {seen.verdict}', flush=True)
    return dict(name=name, dataset=of, classes=list(classes), final_size=size, images=len(dls.train_ds), looked=seen.looked,
                seconds=seconds, table=seen.table.to_dict('list'), by_class=seen.classes.reset_index().to_dict('list'),
                confused=seen.confused.to_dict('list'), twins=len(seen.pairs), good_from=seen.good_from,
                still_rising=seen.still_rising, verdict=seen.verdict, weights=weights_source(fetch_weights(resnet18)))

def scaled_costs(dataset, n, bs):
    "What epochs of `n` images take, four fifths of them for training: batches as in the costs of the whole set"
    file = 'bees_2000' if dataset=='bees' else dataset
    known = json.loads((results.parent/f'paper-small/costs/{file}-resnet18-128.json').read_text())
    known['attrs'].update(batches=n*4//5//bs, valid_batches=n/5/bs)
    return dict(known, look=None)

def order_study(folder):
    "The study of the tasks, the costs in place that tell what fits into the same time"
    published.update({name:partial(of_classes, of, classes) for name,of,classes,*_ in tasks})
    study = Study(tuple(name for name,*_ in tasks), regimes=('fixed','one_step:64'), budgets=4, final=128, bs=32)
    for name,of,classes,*_ in tasks:
        known = scaled_costs(of, len(of_classes(of, classes)), study.bs)
        file = folder/'costs'/f"{name.replace('-','_')}-resnet18-128.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(known, indent=1) + '\n')
    return study

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('parts', nargs='*', choices=['sets','tasks','order',[]], default=[])
    p.add_argument('--only', default='', help='looks whose name has this in it')
    p.add_argument('--folder', type=Path, default=results)
    p.add_argument('--again', action='store_true')
    args = p.parse_args()
    if 'ENTR_DATA' not in os.environ: sys.exit('Set ENTR_DATA to the folder that holds steel/, bees/ and aerial/.')
    warnings.simplefilter('ignore')
    look(image_dls(samples('steel'), 32)) # what is done once in a process is done
    parts = args.parts or ('sets','tasks','order')
    if 'order' in parts: run_study(order_study(args.folder/'order'), args.folder/'order')
    for o in [c for part in parts for c in dict(sets=sets, tasks=tasks, order=[])[part]]:
        file = args.folder/f'{o[0]}.json'
        if args.only not in o[0] or file.exists() and not args.again: continue
        res = json_plain({**case(*o), **environment()})
        write_whole(file, json.dumps(res, indent=1, sort_keys=True) + '\n')

if __name__ == '__main__': main()
