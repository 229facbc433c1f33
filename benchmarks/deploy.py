"""What a network loses on its way to a small device, how quick it is there, and what the device needs

    ENTR_DATA=folder-with-aerial python benchmarks/deploy.py [--seeds 5] [--quick]

Trains a ResNet-18 on `aerial` for six epochs that end at 128 px, with full size throughout and with sizes that grow, in
turn. Of each network all validation images go through the `Learner` and through its ONNX files in three precisions, and
accuracy and milliseconds on one core are taken at six sizes. Then `predict.py` runs in a new environment without
PyTorch, which pip must be able to fill. Writes one record a network and one of the environment to data/results/deploy/;
what has a record is not repeated. Run nothing else meanwhile. `--quick` runs all of it in small on drawn pictures, and
leaves no record.
"""
import json, os, subprocess, sys, time, venv, warnings
from argparse import ArgumentParser
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from fastai.vision.all import *
from entr_fastai import *
from entr_fastai.core import write_whole
from entr_fastai.deploy import export_onnx, latency_table, precisions
from entr_fastai.record import environment

results = Path(__file__).resolve().parent.parent/'data/results/deploy'
needs = 'onnxruntime','numpy','pillow'

def keep(record, res):
    "Write what was measured"
    write_whole(record, json.dumps({**res, **environment()}, indent=1, sort_keys=True) + '\n')
    print(f'{record.name} is written', flush=True)

def trained(path, size, epochs, regime, seed, pretrained):
    "A ResNet-18 trained on the images in `path`"
    with redirect_stdout(StringIO()): dls = image_dls(path, size, bs=32, seed=seed)
    set_seed(seed)
    learn = entr_learner(dls, resnet18, pretrained=pretrained)
    with learn.no_bar(): learn.progressive_fit(epochs, regime)
    return learn

def exported(learn, folder):
    "What the check of each precision found, on all validation images"
    anything = dict(n=10**6, apart=1., lost=1.)
    found = {o: export_onnx(learn, Path(folder)/f'{o}.onnx', precision=o, **anything) for o in precisions}
    return {k: {**vars(o), 'file':o.file.name} for k,o in found.items()}

def network(record, sizes, **kwargs):
    "Train one network and measure its files, unless its record is there"
    if record.exists(): return print(record.name, 'is there')
    learn = trained(**kwargs)
    with TemporaryDirectory() as folder: checks = exported(learn, folder)
    table = latency_table(learn, sizes, n=10**6)
    about = {k: kwargs[k] for k in ('regime','seed','epochs')}
    keep(record, dict(about, dataset=Path(kwargs['path']).name, arch='resnet18', weights=learn.weights,
                      schedule=str(learn.schedule), final_size=learn.schedule.final, exported=checks,
                      table=table.to_dict('records'), byte_instructions=byte_instructions(),
                      packages={o:version(o) for o in ('onnx','onnxruntime','onnxscript')}))

def byte_instructions():
    "The processor's instructions for products of bytes, as Linux names them; `None` where it cannot be asked"
    try: words = Path('/proc/cpuinfo').read_text().split()
    except OSError: return None
    return sorted({o for o in words if 'vnni' in o or o in ('amx_int8','asimddp','i8mm')})

def megabytes(folder): return sum(o.lstat().st_size for o in Path(folder).rglob('*') if o.is_file())/1e6

def first_answers(python, folder, picture, runs=6):
    "Seconds from the start of `predict.py` to its first line, in each of some runs"
    line = [python, folder/'predict.py', picture]
    def one():
        began = time.perf_counter()
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as run: said = json.loads(run.stdout.readline())
        assert 'label' in said, said
        return time.perf_counter()-began
    return [one() for _ in range(runs)]

def device(record, learn):
    "Fill an environment with what `predict.py` needs, and let it answer"
    if record.exists(): return print(record.name, 'is there')
    with TemporaryDirectory() as tmp:
        env,files = Path(tmp)/'env',Path(tmp)/'device'
        venv.create(env, with_pip=True)
        python,bare = env/'bin'/'python',megabytes(env)
        subprocess.run([python, '-m', 'pip', 'install', '-q', *needs], check=True)
        listed = subprocess.check_output([python, '-m', 'pip', 'list', '--format=json'], text=True)
        packages = {o['name']: o['version'] for o in json.loads(listed)}
        assert 'torch' not in packages
        export_onnx(learn, files/'classifier.onnx')
        picture = learn.dls.valid.items[0]
        keep(record, dict(megabytes=megabytes(env), bare_megabytes=bare, files_megabytes=megabytes(files),
                          packages=packages,
                          first_answer_seconds=first_answers(python, files, picture)))

def measure(folder, seeds, sizes, **kwargs):
    "All records into `folder`"
    name = Path(kwargs['path']).name
    for seed in range(seeds):
        for regime in ('fixed','gradual')[::-1 if seed%2 else 1]:
            network(folder/f'{name}-{regime}-s{seed}.json', sizes, regime=regime, seed=seed, **kwargs)
    learn = trained(**{**kwargs, 'epochs':1}, regime='fixed', seed=0)
    device(folder/'environment.json', learn)

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--seeds', type=int, default=5)
    p.add_argument('--quick', action='store_true')
    args = p.parse_args()
    warnings.filterwarnings('ignore')
    if args.quick:
        with TemporaryDirectory() as tmp:
            measure(Path(tmp), 1, (32,64), path=samples('aerial'), size=64, epochs=2, pretrained=False)
            for o in sorted(Path(tmp).iterdir()): print(o.name, o.read_text()[:3000])
        return
    if 'ENTR_DATA' not in os.environ:
        sys.exit('Set ENTR_DATA to the folder that holds aerial/, the UC Merced images as class folders.')
    measure(results, args.seeds, (64,96,128,160,192,224), path=Path(os.environ['ENTR_DATA'])/'aerial', size=128,
            epochs=6, pretrained=True)

if __name__ == '__main__': main()
