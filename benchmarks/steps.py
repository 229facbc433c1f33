"""How long one training step takes: ResNet-18, 34 and 50 from 64 to 224 px, with this library's recipe

    python benchmarks/steps.py [--bs 32] [--repeats 5]

From random weights and random pixels, which take as long as any. Each case is measured `repeats` times, the cases in
turn, and the median counts. Writes data/results/steps/cpu.json, or gpu.json where there is a GPU. Run nothing else
meanwhile.
`nbs/paper/03_study.ipynb` draws the record.
"""
import itertools, json, warnings
from argparse import ArgumentParser
from pathlib import Path
import pandas as pd, torch
from entr_fastai.core import write_whole
from entr_fastai.record import environment, json_plain
from entr_fastai.study import step_seconds

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--bs', type=int, default=32)
    p.add_argument('--repeats', type=int, default=5)
    args = p.parse_args()
    warnings.filterwarnings('ignore')
    cases = list(itertools.product(('resnet18','resnet34','resnet50'), (64,96,128,160,192,224)))
    rows = []
    for i in range(args.repeats):
        for arch,size in cases[::-1 if i%2 else 1]:
            train,valid = step_seconds(arch, size, args.bs)
            rows.append(dict(arch=arch, size=size, train_seconds=train, valid_seconds=valid))
    steps = pd.DataFrame(rows).groupby(['arch','size'], as_index=False).median()
    record = dict(bs=args.bs, repeats=args.repeats, **environment(), steps=steps.to_dict('records'))
    device = 'gpu' if torch.cuda.is_available() else 'cpu'
    file = Path(__file__).resolve().parent.parent/f'data/results/steps/{device}.json'
    write_whole(file, json.dumps(json_plain(record), indent=1) + '\n')
    print(steps.to_string())

if __name__ == '__main__': main()
