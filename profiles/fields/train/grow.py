"""Makes a larger decoder that answers as a trained one does: `python3 grow.py FROM.pt SIZE TO.pt`.

What is new reads everything and says nothing yet, so that learning goes on where it was instead of
at the beginning. Widths of a head stay as they are.
"""

import argparse

import torch

from decoder import Decoder, SIZES


def grown(state, old, size):
    model = Decoder(size)
    new = model.settings
    head = old["width"] // old["heads"]
    if new["width"] // new["heads"] != head or new["kv_heads"] != old["kv_heads"]:
        raise SystemExit(f"Cannot grow: heads of {size} are of another shape")
    heads = placed_heads(old, new)
    kv = new["kv_heads"] * head
    rows = {
        "qkv": torch.cat([heads, new["width"] + torch.arange(2 * kv)]),
        "gate_up": torch.cat([torch.arange(old["between"]) + part * new["between"] for part in (0, 1)]),
    }
    with torch.no_grad():
        for name, value in model.state_dict().items():
            layer = next((part for part in ("qkv", "gate_up", "out", "down") if f".{part}." in name), None)
            # What writes to the stream says nothing that is new.
            if name.startswith("embeddings") or layer in ("out", "down"):
                value.zero_()
            if name not in state:
                continue
            if value.dim() == 1:
                # The stream is wider by noughts, which makes its root mean square smaller.
                value[: old["width"]] = state[name] * (old["width"] / new["width"]) ** 0.5
            elif layer in rows:
                value[rows[layer][:, None], torch.arange(old["width"])] = state[name]
            elif layer == "out":
                value[torch.arange(old["width"])[:, None], heads] = state[name]
            else:
                value[: state[name].shape[0], : state[name].shape[1]] = state[name]
    return model


def placed_heads(old, new):
    """Where each row of the old queries goes: heads stay with their keys."""
    head, kv = old["width"] // old["heads"], old["kv_heads"]
    fewer, more = old["heads"] // kv, new["heads"] // kv
    own = [(group * more + i) * head for group in range(kv) for i in range(fewer)]
    return torch.cat([torch.arange(head) + at for at in own])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("to")
    args = parser.parse_args()
    kept = torch.load(args.checkpoint, weights_only=True)
    model = grown(kept["model"], kept["settings"], args.size)
    state = dict(kept["state"], spent=0.0, steps=0)
    torch.save(dict(settings=model.settings, model=model.state_dict(), state=state), args.to)


if __name__ == "__main__":
    main()
