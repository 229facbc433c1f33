"Sphinx settings; docs/build.py makes the pages and runs Sphinx"
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from links import cfg

project,author = cfg['title'],cfg['author']
project_copyright = author
extensions = ['myst_nb']
html_theme,html_title = 'furo',project
html_theme_options = dict(source_repository=cfg['git_url'], source_branch=cfg['branch'], source_directory='nbs/',
    top_of_page_buttons=[], navigation_with_keys=True)
html_baseurl = cfg['doc_url'] + '/'
html_static_path,html_css_files = [str(Path(__file__).parent/'static')],['custom.css']
html_copy_source = html_show_sourcelink = html_use_index = False
html_show_copyright = html_show_sphinx = False
nb_execution_mode = 'off' # pages show the outputs saved in the notebooks
nb_merge_streams,nb_output_stderr = True,'remove'
myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 4
