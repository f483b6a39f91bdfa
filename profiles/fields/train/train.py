"""Trains one decoder: `python3 train.py SIZE FOLDER MINUTES`; goes on where it was cut off.

FOLDER keeps shards of samples and progress; SIZE.pt is written every minute. MINUTES are those of
the whole training, of the processor's time: the rate of learning falls over their last part.
"""

import argparse
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import data
from decoder import Decoder, SIZES
from muon import Muon

torch.set_num_threads(1)

# From this many samples on: the most items on a receipt, the strongest noise, the share of bare ones.
STAGES = [(0, 2, 0.3, 0.8), (15_000, 3, 0.5, 0.5), (35_000, 5, 1, 0.3), (60_000, 8, 1.5, 0.1)]


def optimisers(model, kind, rate):
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "blocks" in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "blocks" not in name]
    if kind == "adam":
        return [torch.optim.AdamW(matrices + others, rate, betas=(0.9, 0.98), weight_decay=0.01)]
    return [
        Muon(matrices, rate),
        torch.optim.AdamW(others, rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def rate_at(done, steps, fall=0.75):
    """Share of the full rate: a warm-up, a plateau, a line down to 2 %."""
    return min(1, (steps + 1) / 50) * min(1, max(0.02, (1 - done) / fall))


def loss_of(model, ids, weights):
    told = weights[:, 1:] > 0
    logits = F.linear(model.hidden(ids[:, :-1])[told], model.embeddings[0].weight)
    losses = F.cross_entropy(logits, ids[:, 1:][told], reduction="none")
    own = weights[:, 1:][told]
    return (losses * own).sum() / own.sum()


class Training:
    def __init__(self, args):
        self.args = args
        self.path = os.path.join(args.folder, f"{args.name or args.size}.pt")
        torch.manual_seed(1)
        self.model = Decoder(args.size)
        self.optimisers = optimisers(self.model, args.optimiser, args.rate)
        self.state = dict(spent=0.0, seen=0, steps=0, shards=0)
        if os.path.exists(self.path):
            kept = torch.load(self.path, weights_only=True)
            self.model.load_state_dict(kept["model"])
            # One that was grown has none yet.
            for optimiser, state in zip(self.optimisers, kept.get("optimisers", [])):
                optimiser.load_state_dict(state)
            # What was left of a shard is left: seen twice, samples are learned by heart.
            self.state = dict(kept["state"], shards=kept["state"]["shards"] + 1)

    def save(self):
        parts = dict(
            settings=self.model.settings,
            model=self.model.state_dict(),
            optimisers=[optimiser.state_dict() for optimiser in self.optimisers],
            state=self.state,
        )
        torch.save(parts, f"{self.path}.new")
        os.rename(f"{self.path}.new", self.path)

    def step(self, ids, weights):
        share = rate_at(self.state["spent"] / 60 / self.args.minutes, self.state["steps"])
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.args.rate * share
            optimiser.zero_grad()
        loss = loss_of(self.model, ids, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item()

    def run(self):
        state, sums = self.state, []
        saved = logged = time.monotonic()
        while state["spent"] < self.args.minutes * 60:
            version = self.version()
            _, *stage = [s for s in STAGES if s[0] <= state["seen"]][-1]
            sequences = data.shard(self.args.folder, version, state["shards"], *stage)
            random = np.random.default_rng(state["shards"])
            for ids, weights in data.batches(sequences, random, self.args.tokens):
                began = time.process_time()
                sums.append(self.step(ids, weights))
                state["spent"] += time.process_time() - began
                now = time.monotonic()
                state["seen"] += len(ids)
                state["steps"] += 1
                if now - logged > 20:
                    print(
                        f"{self.args.name or self.args.size} {state['spent']:.0f} s, step"
                        f" {state['steps']}, {state['seen']} samples, <= {stage[0]} items,"
                        f" loss {sum(sums) / len(sums):.4f}",
                        flush=True,
                    )
                    sums, logged = [], now
                if now - saved > 60:
                    self.save()
                    saved = now
                if state["spent"] > self.args.minutes * 60 or self.version() != version:
                    break
            state["shards"] += 1
        self.save()

    def version(self):
        """Changes where the generator has: shards of the older one are then left."""
        try:
            with open(os.path.join(self.args.folder, "version")) as file:
                return file.read().strip()
        except FileNotFoundError:
            return "1"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder")
    parser.add_argument("minutes", type=float)
    parser.add_argument("--tokens", type=int, default=8192, help="in one batch")
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--optimiser", choices=["muon", "adam"], default="muon")
    parser.add_argument("--name", help="of the file of progress; the size where absent")
    Training(parser.parse_args()).run()


if __name__ == "__main__":
    main()
