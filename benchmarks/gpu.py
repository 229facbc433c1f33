"""What only a GPU can show: is everything right there, and is it fast?

    python benchmarks/gpu.py [PART ...] [--again] [--out FOLDER]
    python benchmarks/gpu.py --device cpu --quick    # all of it in small, where there is no GPU

Writes a record for each part to data/results/gpu/<card>/ when the part ends; a part whose record is there is not run
again without --again, so a run that was broken off goes on. In small, records go to FOLDER or nowhere, and no bar on
time or accuracy is judged. It computes on two CPU cores, as Colab has. ENTR_DATA, a folder with aerial/ (the UC Merced
images as class folders), and torchvision's weights, in TORCH_HOME or downloaded, are needed by the `contest` parts
alone, which are left out without them. The exit status is 1 if a check is not met. Run nothing else meanwhile.
`nbs/paper/02_loading.ipynb` shows the records.
"""
import gc, io, json, os, re, signal, subprocess, sys, traceback, warnings
if __name__ == '__main__' and hasattr(os, 'sched_setaffinity'): # before anything counts the cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
from argparse import ArgumentParser
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch as mocked
from fastai.vision.all import *
from fastai.callback.channelslast import ChannelsLast
from scipy import stats
from entr_fastai import *
from entr_fastai.core import rng_states, write_whole
from entr_fastai.store import place_for
from entr_fastai.loader import dl_view
from entr_fastai.resize import loader_size, resize_way
from entr_fastai.guard import autocast_depth
from entr_fastai.record import environment, fingerprint_weights, json_plain
from entr_fastai.fast import CPUMixedPrecision, mixed_precision
from entr_fastai.learner import FitLog
from entr_fastai.weights import WeightsError, fetch_weights, weights_source
from contest import bs as contest_bs, stock_dls, with_fold
from loader import alternate, photos, ratio, stock
from overhead import in_16_bits, in_turn

results = Path(__file__).resolve().parent.parent/'data/results/gpu'

@dataclass
class Scale:
    "How large everything is"
    quick:bool       # In small, to see that it runs?
    tmp:Path         # Folder for what is needed only while this runs
    images:int=1280  # Photographs that the speed is measured with
    bs:int=64        # Images in a batch
    sizes:tuple=(64,128,224) # Pixels; the last one is the final size
    archs:tuple=(resnet18,resnet50) # The last one is the large network
    rounds:int=5     # Of alternating measurements, after one to warm up
    epochs:int=5     # Of a whole fit
    seeds:int=3
    each:int=12      # Drawn pictures of each class where it is not about speed

def in_small(tmp):
    return Scale(True, tmp, images=40, bs=8, sizes=(64,96), archs=(resnet18,), rounds=1, epochs=2, seeds=2, each=4)

class LeftOut(Exception):
    "A part cannot be run here"

# a row of a record

def most(what, value, bar, **more):
    return dict(what=what, measured=value, bar=f'at most {bar:.3g}', met=value<=bar, **more)

def least(what, value, bar, **more):
    return dict(what=what, measured=value, bar=f'at least {bar:.3g}', met=value>=bar, **more)

def holds(what, is_so, seen, **more):
    "A check without a number; `seen` is what there is to see"
    return dict(what=what, measured=str(seen), bar='so', met=bool(is_so), **more)

# what the parts have in common

def on_gpu(): return default_device().type=='cuda'

@contextmanager
def on_cpu():
    "fastai's loaders and learners that are made inside are for the CPU"
    before = defaults.use_cuda
    default_device(False)
    try: yield
    finally: defaults.use_cuda = before

def allocated():
    "MiB that tensors take on the device; 0 on a CPU"
    gc.collect()
    kind = default_device().type
    if kind=='cuda': torch._C._cuda_clearCublasWorkspaces() # kept for each thread, by no one's wish
    def asked_for(): return torch.cuda.memory_stats()['requested_bytes.all.current'] # it is given a little more
    taken = dict(cuda=asked_for, mps=torch.mps.current_allocated_memory).get(kind, int)
    return taken()/2**20

def some_files(scale):
    "The folder of drawn pictures, and some of its files"
    path = samples('aerial')
    return path, L(f for c in path.ls().sorted() for f in get_image_files(c).sorted()[:scale.each])

def drawn(scale, size=96, bs=8, **kwargs):
    "Loaders of drawn pictures"
    path,files = some_files(scale)
    return image_dls(files, size, bs=bs, label_func=parent_label, path=path, **kwargs)

def photographs(scale):
    "A folder of JPEGs of 500 by 375 px: 40 are drawn, and each is kept several times, shifted around"
    folder = scale.tmp/'photographs'
    if folder.exists(): return folder
    (scale.tmp/'drawn').mkdir()
    few = [np.asarray(Image.open(f)) for f in get_image_files(photos(scale.tmp/'drawn', 40, 500, 375))]
    for i in range(scale.images):
        file = folder/'ab'[i%2]/f'{i}.jpg'
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(few[i%40], 30*(i//40), axis=1)).save(file, quality=90)
    return folder

def fitted(learn, *args, **kwargs):
    "`learn` after a `progressive_fit` that shows nothing"
    with learn.no_bar(), learn.no_logging(): return learn.progressive_fit(*args, **kwargs)

def new_learner(dls, arch=resnet18): return entr_learner(dls, arch, pretrained=False)

def losses_of(learn): return learn.progress[['train_loss','valid_loss']].to_numpy()

growing = '64x1,96x1'

def enough(scale): return replace(scale, each=scale.each*5) # images for commands to be recorded

# right?

def levels(dl):
    "The images of the first batch of `dl`, on the CPU, in levels of 255"
    return dl.one_batch()[0].as_subclass(Tensor).cpu() * 255*tensor(imagenet_stats[1])[:,None,None]

def apart(a, b): return round((a-b).abs().max().item(), 3)

def first_batches(scale, sizes, where, batch_tfms):
    "The first batch of training and of validation at each size"
    dls = drawn(scale, sizes[-1], where=where, batch_tfms=batch_tfms)
    return [levels(dl_view(dl, size=s)) for s in sizes for dl in dls.loaders]

def batches(scale):
    "A batch on the device equals one on the CPU, from 32 px to the final size"
    sizes = range(32, scale.sizes[-1]+1, 32)
    light = [Brightness(draw=.6, p=1.), Contrast(draw=1.2, p=1.)]
    for what,batch_tfms in dict(cut=[], cut_and_lit=light).items():
        with on_cpu(): on_the_cpu = first_batches(scale, sizes, 'ram', batch_tfms)
        for where in ('device','ram'):
            pairs = zip(first_batches(scale, sizes, where, batch_tfms), on_the_cpu)
            most_apart = max(apart(*o) for o in pairs)
            yield most(f"levels of 255 that a batch, {what.replace('_',' ')}, is apart from the CPU's, kept {where}",
                       most_apart, 2)

def two_epochs(scale, where, ahead):
    "What is in two epochs, made by a thread that works ahead or by the one that asks, and what random numbers did"
    dl = drawn(scale, where=where).train
    if not ahead: dl.create_batches = lambda samps: map(dl.create_whole, chunked(samps, dl.bs, dl.drop_last))
    before = json_plain(rng_states())
    tensors = [o.as_subclass(Tensor) for _ in range(2) for b in dl for o in b]
    return tensors, json_plain(rng_states())==before

def ahead(scale):
    "Epochs are the same with the thread that works ahead beside a GPU and without, and move no stream of numbers"
    for where in ('device','ram','none'):
        (a,kept),(b,_) = [two_epochs(scale, where, o) for o in (True, False)]
        yield holds(f'epochs with the thread ahead are those without, kept {where}',
                    len(a)==len(b) and all(map(torch.equal, a, b)), f'{len(a)//2} batches')
        yield holds(f'no stream of random numbers has moved, kept {where}', kept, kept)

def told_free(scale, device, ram):
    "Drawn pictures where so many bytes are said to be free on the device and in memory"
    said = {'torch.cuda.mem_get_info': lambda *_: (device, device),
            'entr_fastai.store.free_memory': lambda: ram,
            'entr_fastai.store.store_folder': lambda: scale.tmp/'store'}
    with ExitStack() as stack:
        for name,f in said.items(): stack.enter_context(mocked(name, f))
        return drawn(scale, batch_tfms=[])

def from_place(scale, place, free, images):
    "Checks of a store that goes to `place` where so much is free; `images` are those of a first batch"
    before = allocated()
    dls = told_free(scale, *free)
    kept = [dl.pictures[0] for dl in dls.loaders]
    on_device = allocated()-before
    needed = sum(o.nbytes for o in kept)/2**20 * (place=='device')
    yield holds(f'the store goes to the {place}', {o.where for o in kept}=={place}, [o.where for o in kept])
    yield most(f'MiB on the device beyond those of the store, kept {place}', on_device-needed, 1+.05*needed)
    yield most(f"levels of 255 that a batch is apart from memory's, kept {place}", apart(levels(dls.train), images), 2)
    losses = losses_of(fitted(new_learner(dls), sizes=growing))
    yield holds(f'a fit from it, kept {place}', np.isfinite(losses).all(), losses.round(2).tolist())

def store(scale):
    "The store is on the device within its share, falls to memory and to the disk, and a fit runs from each"
    plenty = 2**50
    images = levels(drawn(scale, batch_tfms=[], where='ram').train)
    first_place = 'device' if on_gpu() else 'ram'
    for place,free in {first_place:(plenty, plenty), 'ram':(0, plenty), 'disk':(0, 0)}.items():
        yield from from_place(scale, place, free, images)
    if not on_gpu(): return
    free = torch.cuda.mem_get_info()[0]
    places = [place_for(int(free*share), 'cuda', scale.tmp) for share in (.2, .3)]
    yield holds('a fifth of the free device is taken, three tenths are not', places[0]=='device'!=places[1], places)

def loaders(scale, way):
    "Drawn pictures in loaders that get smaller images in one of three ways"
    path,files = some_files(scale)
    how = dict(transforms=dict(item_tfms=Resize(128), batch_tfms=aug_transforms(size=96)), device={})
    if way=='loader': return drawn(scale)
    return ImageDataLoaders.from_path_func(path, files, parent_label, bs=8, num_workers=0, **how[way])

class SizesSeen(Callback):
    "The sizes of the batches of a fit, training and validation"
    order = 60 # when batches are as the network sees them
    def __init__(self): self.seen = {True:[], False:[]}
    def before_batch(self):
        sizes = self.seen[self.training]
        if self.x.shape[-1] not in sizes[-1:]: sizes.append(self.x.shape[-1])

fits = dict(
    fit=lambda learn, cbs: learn.fit(2, cbs=[ProgressiveResize(growing), *cbs]),
    fine_tune=lambda learn, cbs: learn.fine_tune(1, cbs=[ProgressiveResize(growing), *cbs]),
    fit_one_cycle=lambda learn, cbs: learn.fit_one_cycle(2, cbs=[ProgressiveResize(growing), *cbs]),
    progressive_fit=lambda learn, cbs: learn.progressive_fit(sizes=growing, cbs=cbs))

def ways(scale):
    "fit, fine_tune, fit_one_cycle and progressive_fit, with each of the three ways of resizing"
    for way in ('loader','transforms','device'):
        dls = loaders(scale, way)
        for name,fit in fits.items():
            learn = new_learner(dls)
            seen = SizesSeen()
            before = loader_size(dls.train)
            with learn.no_bar(), learn.no_logging(): fit(learn, [seen])
            sound = np.isfinite(learn.recorder.values).all() and loader_size(dls.train)==before
            as_asked = resize_way(dls.train)==way and seen.seen=={True:[64,96], False:[96]}
            yield holds(f'{name}, way of resizing: {way}', sound and as_asked, seen.seen)

def modes():
    "Ways of computing in 16 bits on this device"
    if on_gpu(): return [MixedPrecision(init_scale=2**10)] + [MixedPrecision('bf16')]*torch.cuda.is_bf16_supported()
    return [CPUMixedPrecision()] if default_device().type=='cpu' else []

class Scales(Callback):
    "What `mode` multiplies losses with"
    order = MixedPrecision.order+1
    def __init__(self): self.seen = []
    def before_backward(self): self.seen.append(self.scaler.get_scale())

def fit_in(scale, mode=None):
    "A learner after a fit in 16 bits or in 32, in which types its network has computed, and the scales of its losses"
    set_seed(0)
    learn = new_learner(drawn(scale, batch_tfms=[]))
    learn.remove_cbs(learn.cbs.filter(risinstance(MixedPrecision)))
    for m in flatten_model(learn.model): # it draws other numbers in 16 bits
        if isinstance(m, nn.Dropout): m.p = 0.
    types,scales = set(),Scales()
    learn.model.register_forward_hook(lambda model, x, out: types.add(str(out.dtype)) if model.training else None)
    fitted(learn.add_cbs(L(mode)), sizes=growing, cbs=L(scales if mode else None))
    return learn, types, scales.seen

def first_loss(learn): return learn.recorder.losses[0].item()

def half(scale):
    "16 bits: fp16 with its scaler, and bf16"
    if not (tried := modes()): raise LeftOut('this device computes in 32 bits')
    in_32 = first_loss(fit_in(scale)[0])
    for mode in tried:
        name = mode.amp_mode.value
        learn,types,scales = fit_in(scale, mode)
        wanted = dict(fp16='torch.float16', bf16='torch.bfloat16')[name]
        sound = all(p.dtype==torch.float32 and p.isfinite().all() for p in learn.model.parameters())
        yield holds(f'{name}: the network computes in it', types=={wanted}, types)
        yield holds(f'{name}: weights are in 32 bits and finite', sound, sound)
        yield holds(f'{name}: autocast is closed', not autocast_depth(), f'{autocast_depth()} open')
        yield holds(f'{name}: losses are scaled if it is fp16', (min(scales)>1)==(name=='fp16'), scales)
        yield most(f'{name}: share that the first loss is apart from that in 32 bits',
                   abs(first_loss(learn)-in_32)/in_32, .1)

@contextmanager
def same_kernels(exact=True):
    "The same kernels in each process, chosen without trying them out; if `exact`, such as give the same bits each time"
    benchmark = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(exact, warn_only=True)
    try: yield
    finally:
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(False)

class Dies(Callback):
    "Kill this process, which has no last word, after so many batches"
    order = 300 # after the checkpoint
    def __init__(self, at): self.at = at
    def after_batch(self):
        if self.training and self.train_iter==self.at: os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))

def saved_fit(scale, exact, folder=None, cbs=None, seed=0):
    "A fit that saves itself in `folder`, if there is one, after each batch"
    set_seed(seed)
    learn = new_learner(drawn(enough(scale), bs=16))
    if exact: learn.remove_cb(ChannelsLast) # pooling in that order of memory adds up in any order
    saved = dict(checkpoint=folder, every=0) if folder else {}
    with same_kernels(exact): return fitted(learn, sizes=growing, cbs=cbs, **saved)

def killed_fit(device, quick, tmp, exact):
    "Begin such a fit in this process, which it kills in the midst of the second epoch"
    default_device(None if device is None else device!='cpu')
    scale = in_small(Path(tmp)) if quick else Scale(False, Path(tmp))
    per_epoch = len(drawn(enough(scale), bs=16).train)
    saved_fit(scale, exact, Path(tmp)/f'exact-{exact}', cbs=Dies(per_epoch + per_epoch//2))

def killed(scale, exact):
    "The process of `killed_fit`"
    device = default_device().type
    code = f'import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import gpu; ' \
           f'gpu.killed_fit({device!r}, {scale.quick}, {str(scale.tmp)!r}, {exact})'
    return subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

def resume(scale):
    "A fit killed with -9 goes on in another process: as near as equal runs are, to the bit with kernels that are exact"
    kinds = (False, True) if on_gpu() else (True,) # a CPU is exact by itself
    processes = [(exact, killed(scale, exact)) for exact in kinds]
    for exact,process in processes:
        said = process.communicate()[1].strip()[-300:]
        folder = scale.tmp/f'exact-{exact}'
        yield holds(f'it was killed and has left a checkpoint (exact kernels: {exact})',
                    process.returncode and (folder/'fit.pt').exists(), process.returncode, said=said)
        equal = [saved_fit(scale, exact) for _ in range(2 if exact else 3)]
        resumed = saved_fit(scale, exact, folder, seed=1) # other weights, which do not count
        losses = [losses_of(o) for o in equal]
        between = max(abs(a-b).max() for a in losses for b in losses)
        from_them = min(abs(losses_of(resumed)-o).max() for o in losses)
        yield most(f'losses of the resumed fit, apart from equal ones (exact kernels: {exact})', from_them, 2*between)
        if exact:
            prints = {fingerprint_weights(o.model) for o in (*equal, resumed)}
            yield most('different weights at the end of equal fits and of the resumed one, with exact kernels',
                       len(prints), 1)

@contextmanager
def refusing(learn, most):
    "A memory that takes so many pixels, simulated: the network fails with larger batches as a GPU does"
    def full(layer, args):
        if args[0].numel() > most: raise torch.cuda.OutOfMemoryError('CUDA out of memory (simulated).')
    hook = flatten_model(learn.model)[0].register_forward_pre_hook(full)
    try: yield
    finally: hook.remove()

def peak(learn, sizes):
    "Bytes that a fit of `learn` takes at most"
    fitted(learn, sizes=sizes)
    allocated()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    fitted(learn, sizes=sizes)
    return torch.cuda.max_memory_allocated()

@contextmanager
def nearly_full(learn, small, final):
    "The GPU's memory really taken, up to what a batch needs at `small` px and less than it needs at `final` px"
    least,needed = peak(learn, f'{small}x1,{final}x0'),peak(learn, f'{final}x1')
    allocated()
    torch.cuda.empty_cache()
    left = int(least + .4*(needed-least)) - torch.cuda.memory_allocated()
    rest = torch.empty(torch.cuda.mem_get_info()[0]-left, dtype=torch.uint8, device=default_device())
    try: yield
    finally:
        del rest
        torch.cuda.empty_cache()

def memory(scale):
    "Memory is short at the step to the final size, really on a GPU: the fit is finished in parts"
    small,final = scale.sizes[-2:]
    bs = scale.bs if on_gpu() else 8
    learn = new_learner(drawn(replace(scale, each=bs//2), final, bs=bs)) # two batches for training
    fitted(learn, sizes=f'{small}x1')
    before = allocated()
    full = nearly_full(learn, small, final) if on_gpu() else refusing(learn, bs*3*(small**2+final**2)//2)
    said = io.StringIO()
    with same_kernels(), full, redirect_stdout(said): fitted(learn, sizes=f'{small}x1,{final}x1')
    losses = losses_of(learn)
    at = re.findall(r'images of (\d+) px does not fit', said.getvalue())
    yield holds('a batch did not fit, at the final size alone', set(at)=={str(final)}, said.getvalue().strip())
    yield holds('both epochs were finished', len(losses)==2 and np.isfinite(losses).all(), losses.round(2).tolist())
    yield most('MiB that it left behind', allocated()-before, 1)
    yield holds('the network is whole again', 'forward' not in vars(learn.model), 'no forward of its own')

class Breaks(Callback):
    "An error in the midst of a fit"
    def after_loss(self):
        if self.training and self.epoch: raise ZeroDivisionError('on purpose')

def left(scale):
    "Nothing stays on the device after a fit, whatever ended it"
    def whole(): fitted(new_learner(drawn(scale)), sizes=growing)
    whole() # what libraries take once
    before = allocated()
    whole()
    yield most('MiB that a fit has left when its learner is gone', allocated()-before, .1)
    learn = fitted(new_learner(drawn(scale)), sizes=growing)
    before = allocated()
    fitted(learn, sizes=growing)
    yield most('MiB that a second fit adds to the first', allocated()-before, .1)
    with suppress(ZeroDivisionError): fitted(learn, sizes=growing, cbs=Breaks())
    yield most('MiB that a fit has left that ended in an error', allocated()-before, .1)

class Spoils(Callback):
    "The loss of one batch is not a number"
    order = MixedPrecision.order+1
    def after_loss(self):
        if not self.training or self.train_iter!=1: return
        self.learn.loss = self.loss*np.nan
        self.learn.loss_grad = self.loss_grad*np.nan

def spoilt(scale):
    "A fit stops at a loss that is not a number, and has not learnt from it"
    learn,said = new_learner(drawn(scale)),'nothing'
    try: fitted(learn, sizes=growing, cbs=Spoils())
    except FloatingPointError as e: said = str(e)
    yield holds('it says at which batch', 'batch 2 in epoch 1 is nan' in said, said)
    whole = all(p.isfinite().all() for p in learn.model.parameters())
    yield holds('all weights are numbers', whole, whole)

@contextmanager
def recording(on):
    "Fits inside repeat recorded commands where they can, as ever, or do not; yields how often was recorded"
    what = 'torch.cuda.make_graphed_callables'
    as_asked = nullcontext() if on else mocked('entr_fastai.fast.with_recording', lambda learn: nullcontext())
    with mocked(what, wraps=torch.cuda.make_graphed_callables) as calls, as_asked: yield calls

def recorded_fit(scale, on, cbs):
    "Losses of a fit with recorded commands or without, a fingerprint of its weights, and how often it has recorded"
    set_seed(0)
    learn = new_learner(drawn(enough(scale)))
    learn.remove_cb(ChannelsLast)
    with recording(on) as calls, same_kernels(): fitted(learn, sizes='64x2,96x2', frozen_epochs=1, cbs=cbs)
    return losses_of(learn), fingerprint_weights(learn.model), calls.call_count

def recorded(scale):
    "A fit that repeats recorded commands is the one without, to the bit with exact kernels"
    for what,cbs in {'':[], ', two batches a step':[GradientAccumulation(2*8)]}.items():
        (a,a_print,calls),(b,b_print,_) = [recorded_fit(scale, o, cbs) for o in (True, False)]
        yield most(f'losses with recorded commands, apart from those without{what}', abs(a-b).max(), 0)
        yield holds(f'weights are the same{what}', a_print==b_print, a_print==b_print)
        times = 3*on_gpu()
        yield holds(f'recorded for each size and for each set of trained layers{what}', calls==times, f'{calls} times')

# fast?

def last_seconds(learn, on):
    "Seconds of the second epoch of a fit with recorded commands or without"
    with recording(on): return fitted(learn, 2, 'fixed').progress.train_seconds.iloc[-1]

def commands(scale):
    "Seconds of an epoch of `progressive_fit` with recorded commands ÷ without"
    if not on_gpu(): raise LeftOut('nothing is recorded on this device')
    for arch in scale.archs:
        for size in scale.sizes:
            learn = new_learner(image_dls(photographs(scale), size, bs=scale.bs), arch)
            a,b = zip(*[[last_seconds(learn, on) for on in (True, False)] for _ in range(scale.rounds)])
            yield most(f'seconds with recorded commands ÷ without, {arch.__name__} at {size} px', ratio(a, b), 1,
                       recorded=a, without=b, steps=len(learn.dls.train))

def hand_made_step(dls, arch):
    "A function that takes a training step, as one would write it without fastai, on a network from random weights"
    model = create_vision_model(arch, dls.c, pretrained=False).train()
    model.to(dls.device, memory_format=torch.channels_last)
    opt = torch.optim.AdamW(model.parameters(), 2e-4, fused=True)
    amp,scaler = in_16_bits(dls.device)
    def step(b):
        x,y = (o.as_subclass(Tensor) for o in b)
        with amp: loss = F.cross_entropy(model(x.contiguous(memory_format=torch.channels_last)), y)
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
        return loss.item() # who trains looks at the loss
    return step

def all_photographs(scale, **kwargs): return image_dls(photographs(scale), scale.sizes[-1], bs=scale.bs, **kwargs)

def efficiency(scale):
    "Seconds of an epoch on batches in memory ÷ with the loader, the store on the device"
    dls = all_photographs(scale, where='device')
    for arch in scale.archs:
        for size in scale.sizes:
            dl = dl_view(dls.train, size=size)
            step = hand_made_step(dls, arch)
            kept = list(dl)
            def in_memory():
                for b in kept: step(b)
            def with_loader():
                for b in dl: step(b)
            a,b = alternate(in_memory, with_loader, n=scale.rounds, clock=perf_counter)
            yield least(f'loader efficiency, {arch.__name__} at {size} px', ratio(a, b), .9,
                        in_memory=a, with_loader=b, steps=len(kept))

def sizes(scale):
    "Seconds of an epoch of `progressive_fit` at the last size but one ÷ at the final size, three of each in turn"
    arch,(small,final) = scale.archs[-1],scale.sizes[-2:]
    stages = [(small,3),(final,3)]*(scale.rounds+1) # the first two warm up
    learn = fitted(new_learner(all_photographs(scale), arch), sizes=stages)
    a,b = learn.progress.train_seconds.to_numpy().reshape(-1,2,3).mean(2)[1:].T.tolist()
    yield most(f'seconds at {small} px ÷ at {final} px, {arch.__name__}', ratio(a, b), 1.15*(small/final)**2 + .02,
               small=a, final=b)

def as_documented(learn):
    "Let stock fastai's `learn` compute in 16 bits as its documentation does"
    return learn.to_fp16() if on_gpu() else learn.add_cbs(L(mixed_precision(learn.dls.device)))

def stock_seconds(learn):
    "Seconds of a step, in an epoch of fastai's own `fit`"
    log = FitLog()
    with learn.no_bar(), learn.no_logging(): learn.fit(1, cbs=log)
    return log.rows[0]['train_seconds']/len(learn.dls.train)

def our_seconds(learn):
    "The same of `progressive_fit`"
    return fitted(learn, 1, 'fixed').progress.train_seconds.sum()/len(learn.dls.train)

def against_stock(scale):
    "Seconds of the same steps with stock fastai ÷ ours, an epoch each, ResNet-18 at the final size, both in 16 bits"
    path,final = photographs(scale),scale.sizes[-1]
    ours = new_learner(image_dls(path, final, bs=32))
    theirs = vision_learner(stock(path, final, num_workers=2), resnet18, pretrained=False, metrics=accuracy)
    as_documented(theirs)
    rounds = [(stock_seconds(theirs), our_seconds(ours)) for _ in range(scale.rounds+1)][1:]
    a,b = zip(*rounds)
    yield least(f'seconds of stock fastai ÷ ours, resnet18 at {final} px', ratio(a, b), 8, fastai=a, ours=b,
                steps=[len(o.dls.train) for o in (theirs, ours)])

def overhead(scale):
    "Seconds of an epoch of `progressive_fit` ÷ of a loop written by hand, ResNet-18"
    for size in scale.sizes:
        dls = image_dls(photographs(scale), size, bs=scale.bs)
        a,b = zip(*[in_turn(i, dls) for i in range(scale.rounds+1)][1:])
        yield most(f'seconds of progressive_fit ÷ by hand, resnet18 at {size} px', ratio(a, b), 1.03,
                   ours=a, by_hand=b)

def ideal(scale):
    "Training seconds of `gradual` ÷ ideal ones, those of `fixed` × its cost"
    arch = scale.archs[-1]
    learn = new_learner(all_photographs(scale), arch)
    rounds = []
    for _ in range(scale.rounds+1): # the first warms up
        seconds = [fitted(learn, scale.epochs, o).progress.train_seconds.sum() for o in ('fixed','gradual')]
        rounds.append((seconds[1], seconds[0]*learn.schedule.cost()))
    a,b = zip(*rounds[1:])
    yield most(f'training ÷ ideal, gradual, {arch.__name__} at {scale.sizes[-1]} px', ratio(a, b), 1.1,
               gradual=a, ideal=b, first=rounds[0], schedule=str(learn.schedule))

# accurate and fast?

def aerial_images(scale):
    "The aerial images in ENTR_DATA"
    if 'ENTR_DATA' not in os.environ:
        raise LeftOut('it needs ENTR_DATA, a folder that holds aerial/, the UC Merced images as class folders')
    df = with_fold('aerial', 0)
    return df.groupby(['label','valid']).head(2) if scale.quick else df

def stock_fit(scale, df, arch):
    "A learner after fastai's own loader and `fine_tune`, in 16 bits"
    learn = vision_learner(stock_dls(df, scale.sizes[-1]), arch, metrics=accuracy)
    as_documented(learn)
    with learn.no_bar(), learn.no_logging(): learn.fine_tune(scale.epochs-1)
    return learn

def our_fit(scale, df, arch):
    dls = image_dls(df, scale.sizes[-1], bs=contest_bs, valid_col='valid')
    return fitted(entr_learner(dls, arch), scale.epochs)

def timed(fit, *args):
    "Seconds from files to a trained network, its loss and its accuracy"
    began = perf_counter()
    learn = fit(*args)
    values = learn.recorder.values[-1]
    return dict(seconds=perf_counter()-began, valid_loss=values[1], accuracy=values[2])

def contest(scale, arch):
    "Epochs of ours against as many of stock fastai on aerial images, from pretrained weights"
    df = aerial_images(scale)
    try: weights = weights_source(fetch_weights(arch))
    except WeightsError as e: raise LeftOut(e) from e
    runs = []
    for seed in range(scale.seeds):
        for fit in (stock_fit, our_fit)[::-1 if seed%2 else 1]:
            set_seed(seed)
            runs.append(dict(seed=seed, fit=fit.__name__, **timed(fit, scale, df, arch)))
    by_seed = pd.DataFrame(runs).pivot(index='seed', columns='fit')
    name,seconds = arch.__name__,by_seed.seconds
    yield most(f'seconds of ours ÷ stock fastai, {name}', (seconds.our_fit/seconds.stock_fit).median(), 1/5,
               runs=runs, weights=weights)
    gain = by_seed.accuracy.our_fit-by_seed.accuracy.stock_fit
    low,high = stats.t.interval(.95, len(gain)-1, gain.mean(), stats.sem(gain)) if gain.std() else [gain.mean()]*2
    yield dict(least(f'accuracy above stock fastai, {name}: upper end of the interval', high, 0),
               mean=gain.mean(), low=low, high=high)

def contest_resnet18(scale):
    "ResNet-18: seconds from files to a trained network, and accuracy, against stock fastai"
    yield from contest(scale, resnet18)

def contest_resnet50(scale):
    "ResNet-50: the same"
    yield from contest(scale, resnet50)

right = dict(batches=batches, ahead=ahead, store=store, ways=ways, half=half, resume=resume, memory=memory, left=left,
             spoilt=spoilt, recorded=recorded)
fast = dict(efficiency=efficiency, commands=commands, sizes=sizes, stock=against_stock, overhead=overhead, ideal=ideal,
            contest_resnet18=contest_resnet18, contest_resnet50=contest_resnet50)
parts = right | fast

# records

def said(row):
    "`row` as a line"
    word = {True:'met    ', False:'NOT MET', None:'       '}[row['met']]
    value = row['measured']
    return f"  {word} {row['what']}: {value if isinstance(value, str) else f'{value:.3g}'} ({row['bar']})"

def rows_of(part, scale):
    "The rows of a part, each said aloud; an error in it is a row that is not met"
    rows = []
    try:
        with redirect_stdout(io.StringIO()):
            for row in parts[part](scale):
                if scale.quick and part in fast: row['met'] = None # too small to be judged
                rows.append(json_plain(row))
                print(said(row), file=sys.__stdout__, flush=True)
    except LeftOut: raise
    except Exception as e:
        traceback.print_exc(limit=-6)
        rows.append(holds('it ran to its end', False, f'{type(e).__name__}: {e}'))
        print(said(rows[-1]), flush=True)
    return rows

def answers():
    "Whether the device still computes, which after some errors it never does again in a process"
    try: return torch.ones(1, device=default_device()).item()==1
    except RuntimeError: return False

def run(part, scale, file):
    "Run a part and write its record"
    print(f'{part}: {parts[part].__doc__}', flush=True)
    began = perf_counter()
    try: rows = rows_of(part, scale)
    except LeftOut as e: return print(f'  left out: {e}', flush=True)
    record = dict(measured=parts[part].__doc__, quick=scale.quick, seconds=perf_counter()-began, rows=rows,
                  **environment())
    write_whole(file, json.dumps(json_plain(record), indent=1) + '\n')
    print(f"  {record['seconds']:.0f} s", flush=True)
    if not answers(): sys.exit('The device does not answer any more: run the command again for the parts left.')
    gc.collect()
    torch.cuda.empty_cache()

def card():
    "The name of the device for a folder"
    name = torch.cuda.get_device_name() if on_gpu() else default_device().type
    return re.sub(r'\W+', '-', name)

def read(args):
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('what', nargs='*', metavar='PART', help=', '.join(parts))
    p.add_argument('--again', action='store_true', help='run what has a record already, too')
    p.add_argument('--device', choices=('cuda','mps','cpu'), help='the fastest there is by default')
    p.add_argument('--quick', action='store_true', help='everything in small')
    p.add_argument('--out', type=Path, help='where the records go, data/results/gpu by default')
    args = p.parse_args(args)
    if odd := set(args.what) - set(parts): p.error(f"there is no {', '.join(odd)}: choose from {', '.join(parts)}")
    if args.device: default_device(args.device!='cpu')
    there = default_device().type
    if args.device not in (None, there): p.error(f'there is no {args.device} here, only {there}')
    if there=='cpu' and not args.quick: p.error('there is no GPU here: --device cpu --quick tries everything in small')
    return args

def main():
    args = read(sys.argv[1:])
    warnings.filterwarnings('ignore')
    with TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        scale = in_small(tmp) if args.quick else Scale(False, tmp)
        folder = (args.out or (tmp/'records' if args.quick else results))/card()
        files = {o:folder/f'{o}.json' for o in args.what or parts}
        for part,file in files.items():
            if file.exists() and not args.again: print(part, 'is there')
            else: run(part, scale, file)
        rows = [o for f in files.values() if f.exists() for o in json.loads(f.read_text())['rows']]
    missed = [o for o in rows if o['met'] is False]
    print(f'{len(rows)} checks on {card()}, {len(missed)} not met', *map(said, missed), sep='\n')
    sys.exit(bool(missed))

if __name__ == '__main__': main()
