"""Which lines of the package its notebooks' tests run

    pip install coverage && python benchmarks/coverage.py [--again]

A notebook tests what its own cells define, so a copy of the checkout is made in which these cells go by the lines of
the module. Writes data/results/coverage/lines.json, which `nbs/promises/01_faults.ipynb` shows; if it is there nothing
is repeated without --again.
"""
import json, os, re, shutil, subprocess, sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from fastcore.nbio import read_nb, write_nb
from entr_fastai.core import write_whole

root = Path(__file__).resolve().parent.parent
record = root/'data/results/coverage/lines.json'

def as_in_module(path, package):
    "Let the notebook at `path` run what it exports under the names and lines that it has in its module"
    nb = read_nb(path)
    exports = [c for c in nb.cells if c.cell_type=='code' and re.match(r'#\| *export', c.source)]
    if not exports: return
    name = next(re.search(r'default_exp (.+)', c.source)[1] for c in nb.cells if 'default_exp' in c.source)
    module = package/f'{name}.py'
    lines = module.read_text().splitlines()
    for c in exports:
        before = next(i for i,l in enumerate(lines) if l.endswith(f'.ipynb #{c.id}')) + 1
        code = re.sub(r'^#\|.*\n', '', c.source, flags=re.M)
        c.source = f"exec(compile('\\n'*{before} + {code!r}, {str(module)!r}, 'exec'), globals())"
    write_nb(nb, path)

def covered(copy):
    "Lines and covered lines of each module, as the tests in `copy` run them"
    nbs = sorted(p.relative_to(copy) for p in (copy/'nbs').rglob('*.ipynb') if p.parent.name!='paper')
    env = {**os.environ, 'PYTHONPATH':str(copy), 'OMP_NUM_THREADS':'1', 'MPLBACKEND':'agg',
           'COVERAGE_FILE':str(copy/'.coverage')}
    def coverage(*args): subprocess.run([sys.executable, '-m', 'coverage', *args], cwd=copy, env=env, check=True)
    for p in nbs:
        as_in_module(copy/p, copy/'entr_fastai')
        print('$ nbdev-test', p, flush=True)
        coverage('run', '-p', f'--source={copy}/entr_fastai', shutil.which('nbdev-test'), str(p), '--n-workers', '0',
                 '--flags', 'slow')
    coverage('combine', '-q')
    coverage('json', '-q', '-o', 'lines.json')
    files = json.loads((copy/'lines.json').read_text())['files']
    def facts(o):
        return dict(lines=o['summary']['num_statements'], run=o['summary']['covered_lines'], not_run=o['missing_lines'])
    return {Path(f).stem:facts(o) for f,o in files.items()}

def main():
    p = ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--again', action='store_true')
    args = p.parse_args()
    if record.exists() and not args.again: return print(record.name, 'is there')
    with TemporaryDirectory() as tmp:
        not_needed = shutil.ignore_patterns('.git', '_build', '*.egg-info', '__pycache__')
        copy = shutil.copytree(root, Path(tmp)/'checkout', ignore=not_needed)
        res = {k:v for k,v in covered(copy).items() if not k.startswith('_')}
    write_whole(record, json.dumps(res, indent=1, sort_keys=True) + '\n')
    for k,v in res.items(): print(f"{k:12} {v['run']/v['lines']:.1%} of {v['lines']} lines; not run: {v['not_run']}")

if __name__ == '__main__': main()
