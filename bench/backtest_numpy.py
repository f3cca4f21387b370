# The peer of backtest_bench: a careful numpy program, without intervals.
import json
import sys

import numpy as np

rows = [json.loads(line) for line in open(sys.argv[1])]
action = np.array([int(r["action"]) for r in rows])
position = np.array([r["position"] for r in rows]) - 1
propensity = np.array([r["propensity"] for r in rows])
reward = np.array([r["reward"] for r in rows], dtype=float)
weights = np.loadtxt(sys.argv[2], delimiter=",", skiprows=1)[:, 1]
target = weights / weights.sum()
w = target[action] / propensity
cell = action * 3 + position
count = np.bincount(cell, minlength=len(target) * 3)
q = (np.bincount(cell, reward, len(target) * 3) + 10 * reward.mean()) / (count + 10)
v = (target[:, None] * q.reshape(-1, 3)).sum(0)[position]
d = reward - q[cell]
print((w * reward).mean(), (w * reward).sum() / w.sum(), v.mean(), (v + w * d).mean(), (v + w * d / w.mean()).mean())
