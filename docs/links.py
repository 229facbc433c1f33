"""Write README.md from nbs/index.ipynb, and the owner in settings.ini into every link, badge and install line

    python docs/links.py            write what has changed
    python docs/links.py --check    write nothing; exit 1 and name what would change
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).resolve().parent.parent
ini = ConfigParser()
ini.read(root/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
user,lib,branch = cfg['user'],cfg['lib_name'],cfg['branch']
colab = f'https://colab.research.google.com/github/{user}/{lib}/blob/{branch}'

def stamp(text):
    "`text` with the owner of settings.ini in every address of this project"
    text = re.sub(rf'((?:github\.com|colab\.research\.google\.com/github)/)[\w.-]+(?=/{lib}\b)', rf'\g<1>{user}', text)
    return re.sub(rf'https://[\w-]+\.github\.io(?=/{lib}\b)', f'https://{user}.github.io', text)

def pages():
    "Every notebook of the project"
    return sorted(p for p in (root/'nbs').rglob('*.ipynb') if not any(o[0] in '._' for o in p.relative_to(root).parts))

def badge(path):
    "The Colab badge of the notebook at `path`"
    return f'[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}/{path.relative_to(root)})'

def relink(text, folder, to):
    "`text`, which lies in `folder`, with `to(path)` for every relative link target; anchors stay"
    def f(m):
        path,anchor = m[2].partition('#')[::2]
        return f'{m[1]}{to((folder/path).resolve().relative_to(root).as_posix())}{anchor and "#" + anchor}{m[3]}'
    return re.sub(r'(\]\()(?![a-z]+:|#|/)([^)\s]+)(\))', f, text)

def readme():
    "What README.md should say, and its pictures: a dict from path to `str` or `bytes`"
    from fastcore.nbio import read_nb, nb2str
    from nbconvert import MarkdownExporter
    from nbformat import reads
    nb,alts = read_nb(root/'nbs/index.ipynb'),[]
    nb.cells = [c for c in nb.cells if not c.directives.keys() & {'hide', 'export', 'default_exp'}]
    for c in nb.cells:
        dirs,c.metadata = c.directives,{}
        c.remove_directives()
        alts += [dirs.get('fig-alt', 'figure') for o in c.get('outputs', []) if 'image/png' in o.get('data', {})]
        if dirs.get('echo') == 'false': c.source = ''
    nb.metadata['language_info'] = dict(name='python')
    res = dict(output_files_dir='docs/images', unique_key='index')
    text,res = MarkdownExporter().from_notebook_node(reads(nb2str(nb), as_version=4), res)
    alt = iter(alts)
    text = re.sub(r'!\[png\]', lambda m: f'![{next(alt)}]', text)
    text = re.sub(r'```python\s*```\n', '', text)
    text = relink(text.replace('](docs/', '](../docs/'), root/'nbs', str)
    text = re.sub(r'(?:[ \t]*\n){3,}', '\n\n', f'<!-- Made from nbs/index.ipynb by docs/links.py: edit that notebook -->\n\n{stamp(text).strip()}\n')
    return {root/'README.md': text, **{root/k: v for k,v in res['outputs'].items()}}

def main(check):
    texts = [*pages(), root/'CITATION.cff', root/'CONTRIBUTING.md', root/'CHANGELOG.md']
    new = {p: o.encode() if isinstance(o, str) else o
           for p,o in {**{p: stamp(p.read_text(encoding='utf-8')) for p in texts}, **readme()}.items()}
    changed = [p for p,o in new.items() if not p.exists() or p.read_bytes() != o]
    stale = [p for p in (root/'docs/images').glob('index_*') if p not in new]
    bare = [p for p in pages() if p.parent.name == 'tutorials' and badge(p) not in new[p].decode()]
    for p in changed + stale: print(p.relative_to(root), 'is out of date' if check else 'is up to date again')
    for p in bare: print(f'{p.relative_to(root)} lacks its badge: {badge(p)}')
    if not check:
        (root/'docs/images').mkdir(exist_ok=True)
        for p in changed: p.write_bytes(new[p])
        for p in stale: p.unlink()
    if bare or check and changed + stale: sys.exit('Paste the badges in.' if bare else 'Run `python docs/links.py`.')

if __name__ == '__main__': main('--check' in sys.argv[1:])
