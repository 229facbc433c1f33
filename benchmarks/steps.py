"""How long a training step takes, and what makes it shorter: ResNets and EfficientNet-Lite0 from 64 to 224 px

    python benchmarks/steps.py [layers|steps|parts|fits ...] [--again]

`layers`: a layer's way there and back as oneDNN's convolution and as products of matrices (`fast.pays` rests on it).
`steps`: a step with this library's recipe, and for all but ResNet-34 a step of before, without what `quick_steps` does,
with weights copied for the optimiser, and in bfloat16 wherever the processor knows it; where the recipe takes bfloat16,
also a step in 32 bits. Lite0 is left out without timm. `parts`: what of a ResNet-18's step goes where. `fits`: whole
fits on aerial images (ENTR_DATA) against their ideal times. From random weights and random pixels, which take as long
as any. All cases take turns, and medians count; of `steps` and `parts` each way has a process of its own, as one keeps
memory and the others do not. Writes data/results/steps/<part>-<device>.json. The device is cpu-bf16 where the recipe
takes bfloat16 on the processor, and cpu-avx2 where convolutions, torch itself and products are held to AVX2:
ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2. Run nothing else meanwhile.
`nbs/paper/02_loading.ipynb` draws the records.
"""
import json, os, sys, warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from unittest.mock import patch as mocked
import pandas as pd, torch
from torch import nn
from fastai.vision.all import Callback, CrossEntropyLossFlat, DataLoaders, L, TensorCategory, TensorImage
from fastai.vision.all import default_device, resnet18, set_seed
from entr_fastai import entr_learner, image_dls
from entr_fastai.core import write_whole
from entr_fastai.fast import as_products, mixed_precision, pays
from entr_fastai.record import environment, json_plain
from loader import alternate

results = Path(__file__).resolve().parent.parent/'data/results/steps'
bs = 32
lite = 'tf_efficientnet_lite0'
avx2 = os.environ.get('MKL_ENABLE_INSTRUCTIONS')=='AVX2'
bf16 = not avx2 and mixed_precision('cpu') is not None
device = 'gpu' if torch.cuda.is_available() else 'cpu-avx2' if avx2 else 'cpu-bf16' if bf16 else 'cpu'

def random_dls(size, steps):
    "Loaders of `steps` batches each, of random pixels in two classes"
    items = L((TensorImage(torch.rand(3, size, size)), TensorCategory(i%2)) for i in range(bs))*steps
    items.loss_func = CrossEntropyLossFlat()
    dls = DataLoaders.from_dsets(items, items, bs=bs, num_workers=0, device=default_device())
    dls.c = 2
    return dls

def fit_random(arch, size, steps, epochs, cbs=None):
    "A learner after so many epochs with the first half of the network frozen"
    learn = entr_learner(random_dls(size, steps), arch, pretrained=False)
    with learn.no_bar(), learn.no_logging():
        learn.progressive_fit(epochs, [(size,epochs)], frozen_epochs=0, freeze_to=1, cbs=cbs)
    return learn

def step_seconds(arch, size, steps=2):
    "Seconds of a training step, and of judging a batch: the second of two epochs"
    last = fit_random(arch, size, steps, 2).progress.iloc[-1]
    return last.train_seconds/steps, last.valid_seconds/steps

def in_turn(cases, seconds, repeats):
    "For each case the median of so many measurements; every other round runs backwards"
    rounds = [{o:seconds(o) for o in (cases[::-1] if i%2 else cases)} for i in range(repeats)]
    return {o:[median(x) for x in zip(*[r[o] for r in rounds])] for o in cases}

# channels, channels of the result, kernel, stride, and the sizes of the input
shapes = [(512,512,3,1,(2,3,4,5,6,7)), (256,512,3,2,(4,6,8,10,14)), (256,256,3,1,(2,3,4,5,6,8)), (128,256,3,2,(4,8)),
          (128,128,3,1,(2,4)), (2048,512,1,1,(2,4,7)), (512,2048,1,1,(2,4,7)), (1024,256,1,1,(4,8,14)),
          (1024,2048,1,2,(4,8,14)), (256,512,1,2,(4,8))]

def layer_seconds(case):
    "Of a layer's way there and back: the convolution, and products"
    channels,of_result,kernel,stride,size = case
    conv = nn.Conv2d(channels, of_result, kernel, stride, kernel//2, bias=False).to(memory_format=torch.channels_last)
    x = torch.randn(bs, channels, size, size).to(memory_format=torch.channels_last).requires_grad_()
    grad = torch.randn_like(conv(x))
    def there_and_back(f):
        conv.weight.grad = x.grad = None
        f(x).backward(grad)
    ways = [partial(there_and_back, f) for f in (conv, partial(as_products, conv))]
    return [median(o) for o in alternate(*ways, n=10, clock=perf_counter)]

def layers():
    cases = [(*shape, size) for *shape,sizes in shapes for size in sizes]
    names = ('channels','of_result','kernel','stride','size')
    for case,(conv,products) in in_turn(cases, layer_seconds, 3).items():
        layer = nn.Conv2d(*case[:2], case[2], case[3], case[2]//2).to(memory_format=torch.channels_last)
        taken = pays(layer, torch.zeros(1, case[0], case[-1], case[-1]))
        yield dict(zip(names, case), conv=conv, products=products, taken=taken)

def knows_bfloat16():
    "Whether the processor has instructions for it, quick or not: what was asked before"
    return not avx2 and any(getattr(torch.cpu, f'_is_{o}_supported', bool)() for o in ('avx512_bf16','amx_tile'))

@contextmanager
def trained(way):
    "Inside, networks are trained in one of three ways: now, before, float32"
    with ExitStack() as stack:
        if way=='before':
            stack.enter_context(mocked('entr_fastai.learner.quick_steps', nullcontext))
            stack.enter_context(mocked('entr_fastai.fast._AdamW', torch.optim.AdamW))
        if way!='now':
            is_quick = knows_bfloat16 if way=='before' else lambda: False
            stack.enter_context(mocked('entr_fastai.fast._bfloat16_is_quick', is_quick))
        yield

def step(case):
    "Seconds of a training step and of judging a batch"
    arch,size,way = case
    with trained(way): return step_seconds(arch, size)

def by_way(seconds, cases, repeats):
    "As `in_turn`, each way, the last word of a case, in a process of its own"
    with ExitStack() as stack:
        of_way = {o: stack.enter_context(ProcessPoolExecutor(1, get_context('spawn'))) for o in {c[-1] for c in cases}}
        return in_turn(cases, lambda case: of_way[case[-1]].submit(seconds, case).result(), repeats)

def steps():
    archs = ['resnet18','resnet34','resnet50'] + [lite]*(find_spec('timm') is not None)
    ways = ('now','before','float32') if bf16 else ('now','before')
    cases = [(a,s,way) for a in archs for s in (64,96,128,160,192,224) for way in ways
             if way=='now' or a!='resnet34' and s in (64,96,128,224)]
    if avx2: cases = [o for o in cases if o[1] in (64,128,224) and o[0]=='resnet18']
    for (arch,size,way),(train,valid) in by_way(step, cases, 5).items():
        yield dict(arch=arch, size=size, way=way, train_seconds=train, valid_seconds=valid)

class Marks(Callback):
    "When the events of each training step came"
    def __init__(self): self.steps = []
    def mark(self, name):
        if self.training: self.steps[-1][name] = perf_counter()
    def before_batch(self):
        if self.training: self.steps.append({})
        self.mark('begun')
    def before_backward(self): self.mark('forward')
    def after_backward(self): self.mark('backward')
    def after_step(self): self.mark('optimiser')

def part_seconds(case):
    "Seconds of the parts of a step: forward, backward, optimiser"
    marks = Marks()
    with trained(case[-1]): fit_random(*case[:2], 8, 1, marks)
    times = pd.DataFrame(marks.steps[1:])[['begun','forward','backward','optimiser']]
    return times.diff(axis=1).iloc[:,1:].median().tolist()

def parts():
    cases = [('resnet18',size,way) for size in (64,96,128,224) for way in ('now','before')]
    for (arch,size,way),(forward,backward,optimiser) in by_way(part_seconds, cases, 5).items():
        yield dict(arch=arch, size=size, way=way, forward=forward, backward=backward, optimiser=optimiser)

def fit_seconds(dls, schedule):
    "Training seconds of a fit, and the cost of its schedule"
    set_seed(0)
    learn = entr_learner(dls, resnet18, pretrained=False)
    with learn.no_bar(), learn.no_logging(): learn.progressive_fit(6, schedule, frozen_epochs=1, freeze_to=1)
    return [learn.progress.train_seconds.sum(), learn.schedule.cost()]

def fits():
    dls = image_dls(Path(os.environ['ENTR_DATA'])/'aerial', 128, bs=bs)
    seconds = in_turn(['fixed','gradual','64x3,128x3'], partial(fit_seconds, dls), 2)
    whole = seconds['fixed'][0]
    for schedule,(train,cost) in seconds.items():
        yield dict(schedule=schedule, train_seconds=train, cost=cost, over_ideal=train/(whole*cost))

measurements = dict(layers=layers, steps=steps, parts=parts, fits=fits)

def main():
    warnings.filterwarnings('ignore')
    wanted = [o for o in sys.argv[1:] if o!='--again'] or list(measurements)
    for part in wanted:
        file = results/f'{part}-{device}.json'
        if file.exists() and '--again' not in sys.argv:
            print(file.name, 'is there')
            continue
        rows = list(measurements[part]())
        write_whole(file, json.dumps(json_plain(dict(bs=bs, **environment(), rows=rows)), indent=1) + '\n')
        print(pd.DataFrame(rows).to_string(), flush=True)

if __name__ == '__main__': main()
