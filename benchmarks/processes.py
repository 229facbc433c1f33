"""What a second process brings: images per second, and accuracy, of one process and of two on the same cores

    ENTR_DATA=folder python benchmarks/processes.py

ResNet-18 on `aerial`, four epochs up to 64 px, five seeds; batches of 32 in one process, of 16 in each of two, which
torchrun starts. One record a run in data/results/processes/; runs whose record is there are not repeated. ENTR_DATA
holds the set, as `entr_data` puts it; the initial weights lie where PyTorch keeps them. Needs accelerate. Run nothing
else meanwhile, and set no OMP_NUM_THREADS.
"""
import json, os, subprocess, sys, warnings
from contextlib import nullcontext
from pathlib import Path
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.record import environment, json_plain

results = Path(__file__).resolve().parent.parent/'data/results/processes'

def train(seed, file):
    "A fit of this process, or of all that were started with it; the first writes the record"
    from fastai.distributed import distrib_ctx
    n = max(1, num_distrib())
    torch.set_num_threads(max(1, num_cpus()//n))
    dls = image_dls(Path(os.environ['ENTR_DATA'])/'aerial', 64, bs=32//n, seed=seed)
    set_seed(seed)
    learn = entr_learner(dls, resnet18)
    context = learn.distrib_ctx(cpu=not torch.cuda.is_available()) if n > 1 else nullcontext()
    with context, learn.no_bar(): learn.progressive_fit(4, 'gradual:32')
    log = learn.progress.iloc[1:] # the first epoch warms up, and trains the head alone
    record = dict(processes=n, seed=seed, accuracy=log.accuracy.iloc[-1], valid_loss=log.valid_loss.iloc[-1],
                  train_images=len(dls.train_ds), valid_images=len(dls.valid_ds), schedule=str(learn.schedule),
                  bs=log.bs.max(), images_per_second=np.average(log.images_per_second, weights=log.train_seconds),
                  weights=learn.weights, **environment())
    if not rank_distrib(): write_whole(file, json.dumps(json_plain(record), indent=1))

def start(seed, n):
    "Train in `n` processes, unless the record is there"
    file = results/f'{n}-{seed}.json'
    if file.exists(): return
    torchrun = ['-m', 'torch.distributed.run', '--standalone', f'--nproc-per-node={n}'] if n > 1 else []
    subprocess.run([sys.executable, *torchrun, __file__, str(seed), str(file)], check=True)
    print(file.name, json.loads(file.read_text())['images_per_second'], flush=True)

if __name__=='__main__':
    warnings.filterwarnings('ignore')
    if len(sys.argv)==3: train(int(sys.argv[1]), sys.argv[2])
    else:
        for seed in range(5):
            for n in (1,2): start(seed, n)
