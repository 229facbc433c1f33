"""Write README.md from nbs/index.ipynb, Colab's cell, and what needs the owner in settings.ini: badges and addresses

    python docs/links.py            write what has changed
    python docs/links.py --check    write nothing; exit 1 and name what would change

No badge and no address of this project is typed anywhere: `generated` has them, each with the line it stands below.
While `user` in settings.ini is empty, none of them stands anywhere.
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).resolve().parent.parent
ini = ConfigParser()
ini.read(root/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
user,lib,branch = cfg['user'],cfg['lib_name'],cfg['branch']

def local(path): return path.relative_to(root).as_posix()

def pages():
    "Every notebook of the project"
    return sorted(p for p in (root/'nbs').rglob('*.ipynb') if not any(o[0] in '._' for o in p.relative_to(root).parts))

def addresses(owner):
    "Of the repository and of the documentation"
    return [cfg.get(o, vars=dict(user=owner)) for o in ('git_url', 'doc_url')]

def badges(path, owner):
    "The badges of the notebook at `path`; those of nbs/index.ipynb are the README's"
    def badge(text, image, link): return f'[![{text}]({image})]({link})'
    repo,site = addresses(owner)
    if path.stem == 'index':
        tests = f'{repo}/actions/workflows/test.yaml'
        yield badge('tests', f'{tests}/badge.svg', tests)
        yield badge('documentation', 'https://img.shields.io/badge/documentation-pages-blue', site)
        path = next(p for p in pages() if p.parent.name == 'tutorials')
    image = 'https://colab.research.google.com/assets/colab-badge.svg'
    notebooks = repo.replace('github.com', 'colab.research.google.com/github')
    yield badge('Open in Colab', image, f'{notebooks}/blob/{branch}/{local(path)}')

def generated(path, owner):
    "Lines that `owner` brings into the text at `path`, by a pattern for what they stand below"
    repo,site = addresses(owner)
    if path.suffix == '.cff': return {'^license: .+': [f'repository-code: {repo}', f'url: {site}']}
    lines = {'^<!-- clone -->\n```sh': [f'git clone {repo} && cd {lib}'],
             '^<!-- install -->': [f'In Colab, or anywhere else without a clone: `pip install git+{repo}`.']}
    if path.suffix == '.ipynb': lines[r'\A# .+(?:\n\n> .+)?'] = ['', *badges(path, owner)]
    return lines

def stamp(text, path, owner):
    "`text`, which stands in the file at `path`, with the lines of `owner` in place of any other owner's"
    new = generated(path, owner)
    for place,lines in generated(path, 'OWNER').items():
        old = ''.join('\n' + re.escape(o) for o in lines).replace('OWNER', r'[\w.-]+')
        now = ''.join('\n' + o for o in new[place]) if owner else ''
        text = re.sub(f'({place})(?:{old})?', lambda m: m[1] + now, text, flags=re.M)
    return text

def colab(path, owner):
    "The cell that makes the notebook at `path` run in Colab, where nothing of this project is"
    what = "# in Colab: the library, what tests need, and the folder of this page"
    if not owner: what += '; ENTR_REPO is the address of the repository'
    repo,folder = addresses(owner)[0] if owner else '"$ENTR_REPO"',f'{lib}/{local(path.parent)}'
    return '\n'.join(['#| hide', '#| eval: false', what, 'import os',
        f"if 'COLAB_RELEASE_TAG' in os.environ and not os.getcwd().endswith('{folder}'):",
        f'    ![ -e {lib} ] || git clone -q --depth 1 {repo} {lib} && pip install -q ./{lib} hypothesis',
        f"    os.chdir('{folder}')"])

def notebook(path, owner):
    "The notebook at `path`, with its badges below its title, and Colab's cell below that"
    from fastcore.nbio import mk_cell, read_nb
    nb = read_nb(path)
    nb.cells = [c for c in nb.cells if c.id != 'colab']
    texts = [c for c in nb.cells if c.cell_type == 'markdown']
    if not texts or not texts[0].source.startswith('# '): sys.exit(f'{local(path)} must begin with its title, `# …`')
    for c in texts: c.source = stamp(c.source, path, owner)
    nb.cells.insert(nb.cells.index(texts[0]) + 1, mk_cell(colab(path, owner), id='colab'))
    return nb

def written(path, owner):
    "What should stand in the file at `path`"
    from fastcore.nbio import nb2str
    if path.suffix == '.ipynb': return nb2str(notebook(path, owner))
    return stamp(path.read_text(encoding='utf-8'), path, owner)

def typed(path):
    "An address of this project that stands in the file at `path` and is not one of `generated`, or None"
    start = r'(?:github\.com|research\.google\.com/github)/[\w.-]+|[\w-]+\.github\.io'
    return re.search(rf'(?:{start})/{lib}\b', written(path, ''))

def relink(text, folder, to):
    "`text`, which lies in `folder`, with `to(path)` for every relative link target; anchors stay"
    def f(m):
        path,anchor = m[2].partition('#')[::2]
        return f'{m[1]}{to(local((folder/path).resolve()))}{anchor and "#" + anchor}{m[3]}'
    return re.sub(r'(\]\()(?![a-z]+:|#|/)([^)\s]+)(\))', f, text)

def readme(nb):
    "What README.md should say, made from nbs/index.ipynb, and its pictures: a dict from path to `str` or `bytes`"
    from fastcore.nbio import nb2str
    from nbconvert import MarkdownExporter
    from nbformat import reads
    alts = []
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
    text = f'<!-- Made from nbs/index.ipynb by docs/links.py: edit that notebook -->\n\n{text.strip()}\n'
    text = re.sub(r'(?:[ \t]*\n){3,}', '\n\n', text)
    return {root/'README.md': text, **{root/k: v for k,v in res['outputs'].items()}}

def main(check):
    texts = [*pages(), *(root/o for o in ('CITATION.cff', 'CONTRIBUTING.md', 'CHANGELOG.md'))]
    if bad := [f'{local(p)}: {m[0]}' for p in texts if (m := typed(p))]:
        sys.exit('\n'.join(['Addresses of the project are not typed; docs/links.py puts them in:', *bad]))
    new = {**{p: written(p, user) for p in texts}, **readme(notebook(root/'nbs/index.ipynb', user))}
    new = {p: o.encode() if isinstance(o, str) else o for p,o in new.items()}
    changed = [p for p,o in new.items() if not p.exists() or p.read_bytes() != o]
    stale = [p for p in (root/'docs/images').glob('index_*') if p not in new]
    for p in changed + stale: print(local(p), 'is out of date' if check else 'is up to date again')
    if check: sys.exit('Run `python docs/links.py`.' if changed + stale else 0)
    (root/'docs/images').mkdir(exist_ok=True)
    for p in changed: p.write_bytes(new[p])
    for p in stale: p.unlink()

if __name__ == '__main__': main('--check' in sys.argv[1:])
