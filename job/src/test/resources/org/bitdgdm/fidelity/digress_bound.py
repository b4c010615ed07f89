"""Writes digress_bound.json: the terms of DiGress's bound for one graph of three atoms, from the published definitions alone.

    python3 digress_bound.py > digress_bound.json

The definitions are those of compute_val_loss, kl_prior, compute_Lt, reconstruction_logp, mask_distributions and
posterior_distributions in DiGress's src/ (variant main), with whole transition matrices on one-hot tensors, every ordered pair
of atoms included; written anew in numpy, in double precision. Noise and times are this project's: Philox4x32-10 with the key
seed and the counter (graph, t, slot), slots being atoms, then pairs i < j; all times 1..T are taken once, so that T times the
mean over times is their plain sum. Logits are given numbers: no network is asked.
"""
import json

import numpy as np

T = 5
SEED = 9
GRAPH = (3 << 32) + 4
M_X = np.array([0.7, 0.1, 0.15, 0.05])
M_E = np.array([0.7, 0.2, 0.06, 0.02, 0.02])
SIZES = np.array([0, 0, 0.25, 0.5, 0.25])
ATOMS = np.array([0, 2, 1])
BONDS = np.array([[0, 1, 0], [1, 0, 3], [0, 3, 0]])


def philox(key, counter):
    """The first word of Philox4x32-10 (Salmon et al., SC 2011)."""
    c, k, low = list(counter), [key & 0xFFFFFFFF, key >> 32], 0xFFFFFFFF
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(second >> 32) ^ c[1] ^ k[0], second & low, (first >> 32) ^ c[3] ^ k[1], first & low]
        k = [(k[0] + 0x9E3779B9) & low, (k[1] + 0xBB67AE85) & low]
    return c[0]


def draw(p, t, slot):
    u = (philox(SEED, [GRAPH & 0xFFFFFFFF, GRAPH >> 32, t, slot]) >> 8) / 2 ** 24
    return int(np.searchsorted(np.cumsum(p) / np.sum(p), u, side="right"))


# cosine_beta_schedule_discrete, and alpha_bar of PredefinedNoiseScheduleDiscrete
points = T + 2
x = np.linspace(0, points, points)
cosine = np.cos(0.5 * np.pi * ((x / points) + 0.008) / 1.008) ** 2
cosine = cosine / cosine[0]
BETA = 1 - cosine[1:] / cosine[:-1]
ALPHA_BAR = np.exp(np.cumsum(np.log(1 - np.clip(BETA, 0, 0.9999))))


def transition(beta, m):
    return beta * np.tile(m, (len(m), 1)) + (1 - beta) * np.eye(len(m))


def transition_bar(alpha_bar, m):
    return alpha_bar * np.eye(len(m)) + (1 - alpha_bar) * np.tile(m, (len(m), 1))


def softmax(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def posterior(x0, x_t, q_t, qs_bar, qt_bar):
    """compute_posterior_distribution: x_t Q_t^T * x_0 Qbar_s / x_0 Qbar_t x_t^T."""
    return (x_t @ q_t.T) * (x0 @ qs_bar) / ((x0 @ qt_bar) * x_t).sum(axis=-1, keepdims=True)


def kl(true, pred):
    """F.kl_div summed, after the floor of mask_distributions."""
    pred = (pred + 1e-7) / (pred + 1e-7).sum(axis=-1, keepdims=True)
    return np.where(true > 0, true * (np.log(np.where(true > 0, true, 1)) - np.log(pred)), 0).sum(axis=-1)


def noise(q_x, q_e, t):
    n = len(ATOMS)
    atoms = np.array([draw(q_x[a], t, i) for i, a in enumerate(ATOMS)])
    bonds = np.zeros((n, n), int)
    slot = n
    for i in range(n):
        for j in range(i + 1, n):
            bonds[i, j] = bonds[j, i] = draw(q_e[BONDS[i, j]], t, slot)
            slot += 1
    return atoms, bonds


n = len(ATOMS)
off = ~np.eye(n, dtype=bool)
X, E = np.eye(len(M_X))[ATOMS], np.eye(len(M_E))[BONDS]
random = np.random.default_rng(5)
asked, terms = [], {"size": -np.log(SIZES[n] / SIZES.sum() + 1e-30)}
bar = [transition_bar(ALPHA_BAR[T], m) for m in (M_X, M_E)]
terms["prior_nodes"] = kl(np.tile(M_X, (n, 1)), X @ bar[0]).sum()
terms["prior_pairs"] = kl(np.tile(M_E, (n, n, 1)), E @ bar[1])[off].sum()
terms["diffusion_nodes"] = terms["diffusion_pairs"] = 0
for t in range(T + 1):
    one = [transition(BETA[t], m) for m in (M_X, M_E)]
    now = [transition_bar(ALPHA_BAR[t], m) for m in (M_X, M_E)] if t > 0 else one
    atoms, bonds = noise(now[0], now[1], t)
    # As a network leaves them: FP32, edges symmetric, the diagonal 0.
    on_x = random.normal(size=X.shape, scale=2).astype(np.float32)
    on_e = random.normal(size=E.shape, scale=2)
    on_e = ((on_e + on_e.transpose(1, 0, 2)) / 2 * off[..., None]).astype(np.float32)
    asked.append({"t": t, "nodes": atoms.tolist(), "edges": bonds.ravel().tolist(),
                  "node_logits": on_x.ravel().tolist(), "edge_logits": on_e.ravel().tolist()})
    p_x, p_e = softmax(on_x.astype(float)), softmax(on_e.astype(float))
    if t == 0:
        terms["reconstruction_nodes"] = -(X * np.log(p_x)).sum()
        terms["reconstruction_pairs"] = -(E * np.log(p_e)).sum(axis=-1)[off].sum()
        continue
    before = [transition_bar(ALPHA_BAR[t - 1], m) for m in (M_X, M_E)]
    x_t, e_t = np.eye(len(M_X))[atoms], np.eye(len(M_E))[bonds]
    terms["diffusion_nodes"] += kl(posterior(X, x_t, one[0], before[0], now[0]),
                                   posterior(p_x, x_t, one[0], before[0], now[0])).sum()
    terms["diffusion_pairs"] += kl(posterior(E, e_t, one[1], before[1], now[1]),
                                   posterior(p_e, e_t, one[1], before[1], now[1]))[off].sum()
terms["nll"] = sum(terms.values())
print(json.dumps({"steps": T, "seed": SEED, "graph": GRAPH, "node_marginal": M_X.tolist(), "edge_marginal": M_E.tolist(),
                  "sizes": SIZES.tolist(), "nodes": ATOMS.tolist(), "edges": BONDS.ravel().tolist(), "asked": asked,
                  "terms": {k: float(v) for k, v in terms.items()}}))
