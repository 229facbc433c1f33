"""What loading costs: this library's loader against fastai's, and against the bare resize

    python benchmarks/loader.py [cpu parts limit sizes efficiency first filling memory] [--again]

Writes one record a measurement to data/results/loader/; those that are there are not repeated without --again. All
times are ratios of alternating runs in one process. `benchmarks/same_accuracy.py` compares what networks learn from
both. Run nothing else meanwhile.
"""
import json, os, subprocess, sys, warnings
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from zlib import crc32
import numpy as np, torch
from torchvision.transforms.v2 import functional as tvf
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.store import ImageStore
from entr_fastai.loader import crop_boxes, dl_view, look_up_
from entr_fastai.record import environment
from entr_fastai.fast import mixed_precision

results = Path(__file__).resolve().parent.parent/'data/results/loader'
sizes = 64,128,224

def clouds(rng, k, w, h):
    "Clouds of about `k` px in a random colour"
    few = rng.normal(0, 1, (h//k+1, w//k+1, 3)).astype(np.float32).sum(-1)
    grown = np.asarray(Image.fromarray(few).resize((w,h), Image.BICUBIC))
    return grown[...,None]*k**.5 * rng.uniform(.5, 1, 3)

def photos(folder, n, w, h, quality=90):
    "`n` JPEGs that are about as hard to decode as photographs: clouds of several sizes, and a little noise"
    for i in range(n):
        rng = np.random.default_rng(i)
        img = sum(clouds(rng, k, w, h) for k in (4,16,64)) + rng.normal(0, 1.5, (h,w,3))
        file = folder/'ab'[i%2]/f'{i}.jpg'
        file.parent.mkdir(exist_ok=True)
        Image.fromarray((128 + 50*img/img.std()).clip(0, 255).astype(np.uint8)).save(file, quality=quality)
    return folder

def stock(path, size, **kwargs):
    return ImageDataLoaders.from_folder(path, valid_pct=.2, seed=0, bs=32, item_tfms=Resize(460),
                                        batch_tfms=aug_transforms(size=size), **kwargs)

def seconds(f, clock=process_time):
    start = clock()
    f()
    return clock()-start

def alternate(*fs, n=7, clock=process_time):
    "Seconds of each of `fs` in `n` rounds, one after the other, after a round to warm up"
    for f in fs: f()
    rounds = [[seconds(f, clock) for f in fs] for _ in range(n)]
    return [list(o) for o in zip(*rounds)]

def ratio(a, b): return median(x/y for x,y in zip(a, b))

def epoch(dl):
    for b in dl: pass

def cpu(tmp):
    "CPU time of an epoch from 500-px JPEGs, from the second on, against fastai's idiom"
    path = photos(tmp, 250, 500, 375)
    res = {}
    for size in sizes:
        ours = image_dls(path, size, bs=32, where='ram').train
        theirs = stock(path, size, num_workers=0).train
        a,b = alternate(lambda: epoch(ours), lambda: epoch(theirs), n=5)
        res[size] = dict(ratio=ratio(a, b), ours=a, fastai=b, images=len(ours)*32)
    return res

def parts(tmp):
    "Where the CPU time of a batch of 64 at 128 px goes, with fastai's idiom and with ours"
    path = photos(tmp, 80, 500, 375)
    theirs = stock(path, 128, num_workers=0).train
    ours = image_dls(path, 128, bs=64, where='ram').train
    for dl in (theirs, ours): dl.before_iter()
    idxs = list(range(64))
    files = theirs.items[:64]
    resize = Resize(460)
    images = [PILImage.create(f) for f in files]
    resized = [resize(o, split_idx=0) for o in images]
    batch = (TensorImage(torch.stack([ToTensor()(o) for o in resized])),)
    cut = ours.create_whole(idxs)
    steps = {
        'decode':                       lambda: [PILImage.create(f) for f in files],
        'resize each image':            lambda: [resize(o, split_idx=0) for o in images],
        'to a batch of bytes':          lambda: torch.stack([ToTensor()(o) for o in resized]),
        'augment and resize the batch': lambda: theirs.after_batch(batch),
        'cut and resize':               lambda: ours.create_whole(idxs),
        'augment by table':             lambda: ours.after_batch(cut)}
    names,times = list(steps),[median(t) for t in alternate(*steps.values(), n=9)]
    whole = sum(times[:4])
    def shares(part): return {k:t/whole for k,t in zip(names[part], times[part])}
    return dict(fastai=shares(slice(4)), ours=shares(slice(4, None)))

def limit(tmp):
    "CPU time of a batch of bytes, with flips, and with light too, against the bare antialiased resize of its crops"
    path = photos(tmp, 80, 500, 375)
    res = {}
    torch.set_num_threads(1) # a picture is too small for two: one is faster
    for size in sizes:
        dl = image_dls(path, size, bs=32, where='ram').train
        store = dl.pictures[0]
        idxs = list(range(32))
        rng = np.random.default_rng([dl.epoch_seed, crc32(np.array(idxs))]) # that of create_whole
        boxes = crop_boxes(dl.crop, *store.sizes(idxs), 0, rng)
        crops = [store[i][:,t:t+b,l:l+a] for i,(l,t,a,b) in zip(idxs, boxes)]
        def bare():
            for o in crops: tvf.resize(o, [size,size], antialias=True)
        dl.before_iter()
        tables = torch.stack([torch.randperm(256) for _ in idxs]).byte()
        def flips(): dl.create_whole(idxs)
        def light(): look_up_(dl.create_whole(idxs)[0].as_subclass(Tensor), tables)
        def as_floats(): dl.after_batch(dl.create_whole(idxs))
        a,b,c,d = alternate(bare, flips, light, as_floats, n=101)
        res[size] = dict(flips=ratio(b, a), light=ratio(c, a), as_floats=ratio(d, a),
                         bare=a, ours_flips=b, ours_light=c, ours_as_floats=d)
    torch.set_num_threads(defaults.cpus)
    return res

def by_size(tmp):
    "CPU time of an epoch at 64 and 128 px relative to 224 px, in a loader for 224 px"
    dl = image_dls(photos(tmp, 250, 500, 375), 224, bs=32, where='ram').train
    times = alternate(*[lambda dl=dl_view(dl, size=s): epoch(dl) for s in sizes], n=9)
    return {s:dict(ratio=ratio(t, times[-1]), seconds=t) for s,t in zip(sizes, times)}

def endless(dl):
    while True: yield from dl

def efficiency(tmp):
    "Time of a training step of ResNet-18 on a batch in memory, relative to the same with the loader, step by step"
    path = photos(tmp, 400, 500, 375)
    res = {}
    for size,steps in zip(sizes, (30,16,6)):
        dls = image_dls(path, size, bs=32, valid_pct=.1)
        dls.train.drop_last = True
        learn = entr_learner(dls, resnet18, pretrained=False)
        learn.create_opt()
        learn.model.train()
        learn.model.to(memory_format=torch.channels_last)
        amp = torch.autocast(dls.device.type, dtype=torch.bfloat16, enabled=mixed_precision(dls.device) is not None)
        def step(x, y):
            with amp: loss = learn.loss_func(learn.model(x), y)
            loss.backward()
            learn.opt.step()
            learn.opt.zero_grad()
            if torch.cuda.is_available(): torch.cuda.synchronize()
        kept,batches = list(dls.train),endless(dls.train)
        def in_memory(k): return seconds(lambda: step(*kept[k%len(kept)]), perf_counter)
        def with_loader(): return seconds(lambda: step(*next(batches)), perf_counter)
        rounds = []
        for r in range(6): # the first warms up
            pairs = [(in_memory(k), with_loader()) for k in range(steps)]
            rounds.append([median(o) for o in zip(*pairs)])
        a,b = zip(*rounds[1:])
        res[size] = dict(ratio=ratio(a, b), in_memory=a, with_loader=b, store=dls.train.pictures[0].where)
    return res

def first_epoch(tmp):
    "Time of the first epoch at 128 px, filling included, against one epoch of fastai's idiom, both with all cores"
    path = photos(tmp, 400, 500, 375)
    theirs = stock(path, 128, num_workers=defaults.cpus).train
    a,b = alternate(lambda: epoch(image_dls(path, 128, bs=32).train), lambda: epoch(theirs), n=5, clock=perf_counter)
    return dict(ratio=ratio(a, b), ours=a, fastai=b)

def filling(tmp):
    "Time to fill a store for 224 px from 12-MP JPEGs, against decoding them in full"
    files = get_image_files(photos(tmp, 8, 4000, 3000))
    tls = [TfmdLists(files, PILImage.create, split_idx=i) for i in (0,1)] # validation is decoded in full
    a,b = alternate(*[lambda tl=tl: ImageStore(tl, 256) for tl in tls], n=5, clock=perf_counter)
    return dict(speedup=ratio(b, a), ours=a, full=b)

# the limit is what the process is told that it has; what it really takes is measured
limited = """
import json, sys, warnings
warnings.filterwarnings('ignore')
from fastai.vision.all import *
from entr_fastai import *
import entr_fastai.store as s
s.store_folder = lambda: Path(sys.argv[1])/'store'
def anonymous():
    facts = [l.split() for l in open('/proc/self/status')]
    return 1024*next(int(o[1]) for o in facts if o[:1]==['RssAnon:'])
s.free_memory = lambda: 2**30 - anonymous() # as in a container of 1 GiB
files = L(sorted(Path(sys.argv[1]).glob('*.jpg')))
dls = image_dls(files, 224, bs=64, label_func=lambda f: int(f.stem)%2, valid_pct=.02)
most = 0
for i,b in enumerate(dls.train): most = max(most, anonymous())
print(json.dumps(dict(where=dls.train.pictures[0].where, images=len(files),
                      store_bytes=sum(o.pictures[0].nbytes for o in dls.loaders),
                      most_anonymous_bytes=most, batches=i+1)))
"""

def memory(tmp):
    "20,000 images whose store is larger than the memory they may take"
    for d in ('few','many'): (tmp/d).mkdir()
    originals = get_image_files(photos(tmp/'few', 200, 340, 256))
    for i in range(20_000): os.link(originals[i%200], tmp/f'many/{i}.jpg')
    out = subprocess.run([sys.executable, '-c', limited, str(tmp/'many')], check=True, capture_output=True, text=True,
                         env={**os.environ, 'TMPDIR':str(tmp)}).stdout
    return json.loads(out.strip().splitlines()[-1])

measures = dict(cpu=cpu, parts=parts, limit=limit, sizes=by_size, efficiency=efficiency, first=first_epoch,
                filling=filling, memory=memory)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('what', nargs='*', metavar='WHAT', help=', '.join(measures))
    p.add_argument('--again', action='store_true')
    args = p.parse_args()
    if odd := set(args.what) - set(measures):
        sys.exit(f"There is no {', '.join(odd)}: choose from {', '.join(measures)}.")
    warnings.filterwarnings('ignore')
    for name in args.what or measures:
        file = results/f'{name}.json'
        if file.exists() and not args.again:
            print(file.name, 'is there')
            continue
        print(f'{name}: {measures[name].__doc__}', flush=True)
        with TemporaryDirectory() as tmp: res = measures[name](Path(tmp))
        record = dict(measured=measures[name].__doc__, result=res, **environment())
        write_whole(file, json.dumps(record, indent=1) + '\n')
        print(json.dumps(res, default=str)[:1500], flush=True)

if __name__ == '__main__': main()
