"Everything pyproject.toml calls `dynamic`, read from settings.ini and, for the version, from entr_fastai/__init__.py"
import re
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup

here = Path(__file__).parent
cfg = ConfigParser()
cfg.read(here/'settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
lib = cfg['lib_name']
version = re.search(r'^__version__ = "(.+)"', (here/lib/'__init__.py').read_text(encoding='utf-8'), re.M)[1]
readme = here/'README.md'
readme = readme.read_text(encoding='utf-8') if readme.exists() else ''
urls = dict(Repository=cfg['git_url'], Documentation=cfg['doc_url']) if cfg['user'] else {}
# relative links work beside the code and nowhere else, so the package index gets whole ones
for start,kind in ((r'(!\[[^]]*\]\()', 'raw'), (r'((?<!!)\[[^]]*\]\()', 'blob')) if urls else ():
    readme = re.sub(start + r'(?![a-z]+:|#)', rf"\g<1>{cfg['git_url']}/{kind}/{cfg['branch']}/", readme)

setup(
    version=version, description=cfg['description'], author=cfg['author'], keywords=cfg['keywords'].split(),
    license_expression=cfg['license'], packages=[lib],
    long_description=readme, long_description_content_type='text/markdown',
    classifiers=['Development Status :: ' + cfg['status'], 'Intended Audience :: Science/Research',
        'Topic :: Scientific/Engineering :: Image Recognition', 'Programming Language :: Python :: 3',
        *(f'Programming Language :: Python :: 3.{i}' for i in (11, 12, 13))],
    install_requires=cfg['requirements'].split(),
    extras_require=dict(dev=cfg['dev_requirements'].split()),
    entry_points=dict(console_scripts=cfg['console_scripts'].split(), nbdev=[f'{lib}={lib}._modidx:d']),
    project_urls=urls,
)
