"""CPU seconds that HiGHS (within scipy) takes for one budget over N linear channels: highs_peer.py N"""
import resource
import sys

import numpy as np
from scipy.optimize import linprog

n = int(sys.argv[1])
rng = np.random.default_rng(1)
slopes = rng.uniform(0.1, 4, n)
bounds = np.column_stack([np.zeros(n), rng.uniform(10, 200, n)])
before = resource.getrusage(resource.RUSAGE_SELF)
answer = linprog(-slopes, A_eq=np.ones((1, n)), b_eq=[40.0 * n], bounds=bounds, method="highs")
after = resource.getrusage(resource.RUSAGE_SELF)
assert answer.status == 0
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
