"""What a checkpoint costs: the seconds it takes to save one, as a share of an epoch's

    ENTR_DATA=folder-with-aerial python benchmarks/checkpoint.py [--again]

Trains a ResNet-18 at 128 px for four epochs with a checkpoint at the end of each, and writes
data/results/checkpoint/aerial-resnet18-128.json; if that is there it is not repeated without --again. Run nothing else
meanwhile. `nbs/promises/01_faults.ipynb` shows the record.
"""
import json, os, sys, warnings
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch
from fastai.vision.all import set_seed
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.checkpoint import Checkpoint
from entr_fastai.record import environment

record = Path(__file__).resolve().parent.parent/'data/results/checkpoint/aerial-resnet18-128.json'

def measure(folder):
    "Seconds of each save, of each epoch, and bytes of the checkpoint"
    saves = []
    save = Checkpoint._save
    def timed(*args, **kwargs):
        start = perf_counter()
        save(*args, **kwargs)
        saves.append(perf_counter()-start)
    set_seed(0)
    learn = entr_learner(image_dls(f"{os.environ['ENTR_DATA']}/aerial", 128, bs=32))
    with patch.object(Checkpoint, '_save', timed), learn.no_bar(): learn.progressive_fit(4, 'fixed', checkpoint=folder)
    epochs = (learn.progress.train_seconds + learn.progress.valid_seconds).tolist()
    saves = saves[1:] # the first is that of the untrained network
    return dict(save_seconds=saves, epoch_seconds=epochs, share=[s/e for s,e in zip(saves, epochs)],
                bytes=(Path(folder)/'fit.pt').stat().st_size, weights=learn.weights, images=len(learn.dls.train_ds))

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--again', action='store_true')
    args = p.parse_args()
    if 'ENTR_DATA' not in os.environ:
        sys.exit('Set ENTR_DATA to the folder that holds aerial/, the UC Merced images as class folders.')
    if record.exists() and not args.again: return print(record.name, 'is there')
    warnings.simplefilter('ignore')
    with TemporaryDirectory() as tmp: res = measure(tmp)
    write_whole(record, json.dumps({**res, **environment()}, indent=1, sort_keys=True) + '\n')
    print(record.read_text())

if __name__ == '__main__': main()
