"""Muon (Keller Jordan, 2024): momentum whose matrices are made orthogonal before each step."""

import torch


def orthogonal(matrix, steps=5):
    """Nearly orthogonal, by Newton and Schulz's iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    # Half the precision suffices: it is made right again by each round.
    x = (matrix / (matrix.norm() + 1e-7)).bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices, lr=0.02, momentum=0.95, decay=0.01):
        super().__init__(matrices, dict(lr=lr, momentum=momentum, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for matrix in group["params"]:
                state = self.state[matrix]
                if not state:
                    state["mean"] = torch.zeros_like(matrix)
                state["mean"].lerp_(matrix.grad, 1 - group["momentum"])
                # Nesterov: a look ahead along the mean.
                ahead = matrix.grad.lerp(state["mean"], group["momentum"])
                # Steps of the size that Adam's have.
                scale = 0.2 * max(matrix.shape) ** 0.5
                matrix.mul_(1 - group["lr"] * group["decay"])
                matrix.sub_(orthogonal(ahead).float(), alpha=group["lr"] * scale)
