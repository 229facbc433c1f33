"""What `progressive_fit` costs beyond the training itself: against a hand-written PyTorch loop doing the same steps

    python benchmarks/overhead.py [--again]

A ResNet-18 from random weights, 32 drawn pictures a batch from `image_dls`, all layers trained, at 64 and at 128 px. An
epoch of `progressive_fit` and one of the loop take turns in one process; the record, data/results/overhead/cpu.json or
gpu.json, has the seconds of each. Run nothing else meanwhile. `nbs/paper/01_contest.ipynb` shows it.
"""
import json, sys, warnings
from pathlib import Path
from statistics import median
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import synced_time, write_whole
from entr_fastai.record import environment
from entr_fastai.fast import mixed_precision

results = Path(__file__).resolve().parent.parent/'data/results/overhead'

def in_16_bits(device):
    "torch's context for 16 bits where `entr_learner` computes in them on `device`, and the scaler that belongs to it"
    mode = mixed_precision(device)
    half = torch.float16 if mode and mode.amp_mode.value=='fp16' else torch.bfloat16
    scaler = torch.amp.GradScaler(device.type, enabled=half==torch.float16)
    return torch.autocast(device.type, half, enabled=mode is not None), scaler

def by_hand(dls):
    "Seconds of the second of two epochs, as one would write them without fastai"
    model = create_vision_model(resnet18, dls.c, pretrained=False).train()
    model.to(dls.device, memory_format=torch.channels_last)
    opt = torch.optim.AdamW(model.parameters(), 2e-4, fused=True)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, total_steps=2*len(dls.train))
    amp,scaler = in_16_bits(dls.device)
    for _ in range(2):
        began = synced_time()
        for b in dls.train:
            x,y = (o.as_subclass(Tensor) for o in b)
            with amp: loss = F.cross_entropy(model(x.contiguous(memory_format=torch.channels_last)), y)
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
            sched.step()
            opt.zero_grad()
            loss.item() # who trains looks at the loss
        seconds = synced_time()-began
    return seconds

def ours(dls):
    "The same of `progressive_fit`"
    learn = entr_learner(dls, resnet18, pretrained=False)
    with learn.no_bar(), learn.no_logging(): learn.progressive_fit(2, 'fixed')
    return learn.progress.train_seconds.iloc[-1]

def in_turn(i, dls):
    "Seconds of `ours` and `by_hand`, the second first in every other round"
    if i%2: return [f(dls) for f in (by_hand, ours)][::-1]
    return [ours(dls), by_hand(dls)]

def main():
    file = results/f"{'gpu' if torch.cuda.is_available() else 'cpu'}.json"
    if file.exists() and '--again' not in sys.argv: return print(file.name, 'is there')
    warnings.filterwarnings('ignore')
    res = {}
    for size in (64,128):
        dls = image_dls(samples('steel'), size, bs=32, valid_pct=.04)
        rounds = [in_turn(i, dls) for i in range(32)][1:] # the first warms up
        a,b = zip(*rounds)
        res[size] = dict(ours=a, by_hand=b)
        print(size, median(x/y for x,y in rounds), flush=True)
    write_whole(file, json.dumps(dict(environment(), sizes=res), indent=1)+'\n')

if __name__ == '__main__': main()
