"""IoU of U-Nets trained on small images first and at full size throughout, in the same time

    python benchmarks/masks.py [--seeds 5] [--budget 7] [--regimes fixed gradual] [--folder masks]

A U-Net on ResNet-18, from random weights, learns the drawn fields of `samples('weeds')` at 96 px. How long a step takes at
each size is measured first, and kept; each regime then fills the time of `--budget` epochs at full size, as the runs of a
study do. Each seed judges by another fifth of the images. Writes one run record a run to data/results/masks/; runs whose
record is there are not repeated, and one that was broken off goes on. `nbs/tutorials/08_masks.ipynb` shows the records.
"""
import json, shutil, warnings
from argparse import ArgumentParser
from pathlib import Path
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.fast import fused_adamw, quick_callbacks
from entr_fastai.record import environment, json_plain
from entr_fastai.study import PartOfEpochs, filling, fit_seconds, known_costs, steady_costs

results = Path(__file__).resolve().parent.parent/'data/results'
final,bs,lr,folds = 96,4,4e-3,5

class ClassIoU(JaccardCoeffMulti):
    "The IoU of one class, over all validation images"
    def __init__(self, code, name):
        super().__init__()
        self.code,self.called = code,name
    @property
    def name(self): return f'iou_{self.called}'
    @property
    def value(self):
        both,sum_ = [o.get(self.code, 0) for o in (self.inter,self.union)] # `union` counts twice what is in both
        return both/max(1, sum_-both)

def learner(seed, size=final, images=None):
    "A new U-Net for a fold of the drawn fields"
    path = samples('weeds')
    codes = (path/'codes.txt').read_text().split()
    block = DataBlock((ImageBlock,MaskBlock(codes)), get_y=lambda f: path/'masks'/f.name,
                      splitter=FuncSplitter(lambda f: int(f.stem)%folds==seed%folds),
                      item_tfms=[RandomResizedCrop(size, min_scale=.5, ratio=(1,1)), FlipItem()],
                      batch_tfms=Normalize.from_stats(*imagenet_stats))
    dls = decode_once(block.dataloaders(get_image_files(path/'images').sorted()[:images], bs=bs, num_workers=0))
    dls.train.rng.seed(seed)
    set_seed(seed)
    metrics = [JaccardCoeffMulti(), *[ClassIoU(i, o) for i,o in enumerate(codes)]]
    learn = unet_learner(dls, resnet18, pretrained=False, last_cross=False, metrics=metrics, opt_func=fused_adamw,
                         cbs=quick_callbacks(dls.device))
    learn.weights = 'random'
    return learn

def costs(file, **kwargs):
    "What epochs take, measured here unless `file` says it"
    if not file.exists():
        learn = learner(0, **kwargs)
        with learn.no_bar(), learn.no_logging(): known = dict(**steady_costs(learn), **environment())
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(json_plain(known), indent=1)+'\n')
    return known_costs(json.loads(file.read_text()))

def run(regime, seed, budget, known, out, **kwargs):
    "One fit, unless its record is there"
    record = out/f'{regime}-{budget}-s{seed}.json'
    if record.exists(): return print(record.name, 'is there')
    seconds = sum(fit_seconds(as_schedule('fixed', budget, known.final), known, 0))
    schedule,part = filling(regime, known, seconds, 0)
    learn = learner(seed, **kwargs)
    files = get_image_files(samples('weeds')).sorted()
    begun = RunRecord.begin(learn, seed=seed, files=files, name='samples/weeds', regime=regime)
    checkpoint = out/'unfinished'/record.stem
    with learn.no_bar(), learn.no_logging():
        learn.progressive_fit(sizes=schedule, lr=lr, cbs=PartOfEpochs(part), checkpoint=checkpoint)
    begun.finish(learn)
    begun.training.update(budget=budget, budget_seconds=seconds, part_of_epochs=part, fold=seed%folds, base_lr=lr)
    begun.write(record)
    shutil.rmtree(checkpoint)
    print(record.name, schedule, {k:round(o, 3) for k,o in begun.result.items() if 'iou' in k or 'jaccard' in k})

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--seeds', type=int, default=5)
    p.add_argument('--budget', type=int, default=7, help='epochs at full size, whose time each run fills')
    p.add_argument('--regimes', nargs='+', default=['fixed','gradual'])
    p.add_argument('--folder', default='masks', help='in data/results, or elsewhere')
    p.add_argument('--size', type=int, default=final)
    p.add_argument('--images', type=int, help='so many alone, to try it')
    args = p.parse_args()
    warnings.filterwarnings('ignore')
    out,some = results/args.folder,dict(size=args.size, images=args.images)
    known = costs(out/'costs'/f'unet-resnet18-{args.size}.json', **some)
    for seed in range(args.seeds):
        for regime in args.regimes[::-1 if seed%2 else 1]: run(regime, seed, args.budget, known, out, **some)
    shutil.rmtree(out/'unfinished', ignore_errors=True)

if __name__ == '__main__': main()
