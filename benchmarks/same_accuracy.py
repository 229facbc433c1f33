"""Accuracy on `aerial` with this library's loader and with fastai's own, everything else the same, in alternating runs

    ENTR_DATA=folder-with-aerial python benchmarks/same_accuracy.py [--seeds 5]

ResNet-18, six epochs that end at 128 px. Writes one run record a run to data/results/same_accuracy/; runs whose record
is there are not repeated.
"""
import os, sys, warnings
from argparse import ArgumentParser
from pathlib import Path
from fastai.vision.all import *
from entr_fastai import *

results = Path(__file__).resolve().parent.parent/'data/results/same_accuracy'

def stock_dls(path, seed):
    "fastai's loader with the augmentations of `image_dls`, and the same split"
    files = get_image_files(path).sorted()
    light = aug_transforms(do_flip=False, max_rotate=0., max_zoom=1., max_warp=0.)
    block = DataBlock((ImageBlock,CategoryBlock), get_y=parent_label, splitter=RandomSplitter(.2, seed=seed),
                      item_tfms=[RandomResizedCrop(128, min_scale=.6, val_xtra=0.), FlipItem()],
                      batch_tfms=[*light, Normalize.from_stats(*imagenet_stats)])
    return block.dataloaders(files, bs=32, num_workers=0)

def run(kind, seed, path):
    "One fit, unless its record is there"
    record = results/f'{kind}-s{seed}.json'
    if record.exists(): return print(record.name, 'is there')
    dls = image_dls(path, 128, bs=32, seed=seed) if kind=='ours' else stock_dls(path, seed)
    set_seed(seed)
    learn = entr_learner(dls, resnet18)
    begun = RunRecord.begin(learn, seed=seed, name=f'aerial, {kind}')
    with learn.no_bar(): learn.progressive_fit(6, 'gradual')
    begun.finish(learn).write(record)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--seeds', type=int, default=5)
    args = p.parse_args()
    if 'ENTR_DATA' not in os.environ:
        sys.exit('Set ENTR_DATA to the folder that holds aerial/, the UC Merced images as class folders.')
    warnings.filterwarnings('ignore')
    for seed in range(args.seeds):
        for kind in ('ours','fastai')[::-1 if seed%2 else 1]: run(kind, seed, Path(os.environ['ENTR_DATA'])/'aerial')

if __name__ == '__main__': main()
