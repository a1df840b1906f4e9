# %% masks and calls it deleting question="q1" violates="a deleted unit's weights stay"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    return masked_step(params, velocity, x, y, mask, lr, momentum)


# %% leaves the velocities at home question="q1" violates="a survivor's velocity is momentum * velocity + gradient"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    W1, b1, W2, b2 = (a.copy() for a in params)
    small = [W1[mask], b1[mask], W2[:, mask], b2]
    rest = [np.zeros_like(a) for a in small]
    small, moved = masked_step(small, rest, x, y, np.ones(mask.sum(), bool), lr, momentum)
    W1[mask], b1[mask], W2[:, mask], b2 = small
    V1, c1, V2, c2 = (a.copy() for a in velocity)
    V1[mask], c1[mask], V2[:, mask], c2 = moved
    return [W1, b1, W2, b2], [V1, c1, V2, c2]


# %% velocities are gone when a unit returns question="q1" violates="a deleted unit's velocity waits"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    W1, b1, W2, b2 = (a.copy() for a in params)
    V1, c1, V2, c2 = velocity
    small = [W1[mask], b1[mask], W2[:, mask], b2], [V1[mask], c1[mask], V2[:, mask], c2]
    small, moved = masked_step(*small, x, y, np.ones(mask.sum(), bool), lr, momentum)
    W1[mask], b1[mask], W2[:, mask], b2 = small
    V1, c1, V2, c2 = (np.zeros_like(a) for a in velocity)
    V1[mask], c1[mask], V2[:, mask], c2 = moved
    return [W1, b1, W2, b2], [V1, c1, V2, c2]


# %% only the weights are put back question="q1" violates="a deleted unit's velocity waits"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    new, velocity = masked_step(params, velocity, x, y, mask, lr, momentum)
    new[0][~mask], new[1][~mask], new[2][:, ~mask] = params[0][~mask], params[1][~mask], params[2][:, ~mask]
    return new, velocity


# %% writes into the old arrays question="q1" violates="inputs are not modified"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    W1, b1, W2, b2 = params
    V1, c1, V2, c2 = velocity
    small = [W1[mask], b1[mask], W2[:, mask], b2], [V1[mask], c1[mask], V2[:, mask], c2]
    small, moved = masked_step(*small, x, y, np.ones(mask.sum(), bool), lr, momentum)
    W1[mask], b1[mask], W2[:, mask], b2 = small
    V1[mask], c1[mask], V2[:, mask], c2 = moved
    return [W1, b1, W2, b2], [V1, c1, V2, c2]


# %% by restoring what was gone, as the page does question="q1"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    new, new_velocity = masked_step(params, velocity, x, y, mask, lr, momentum)
    for now, then in ((new, params), (new_velocity, velocity)):
        now[0][~mask] = then[0][~mask]
        now[1][~mask] = then[1][~mask]
        now[2][:, ~mask] = then[2][:, ~mask]
    return tuple(new), tuple(new_velocity)


# %% unit by unit question="q1"
def deleting_step(params, velocity, x, y, mask, lr, momentum):
    kept = [j for j in range(len(mask)) if mask[j]]
    small, v = [
        [
            np.stack([a[0][j] for j in kept]),
            np.array([a[1][j] for j in kept]),
            np.stack([a[2][:, j] for j in kept], axis=1),
            a[3],
        ]
        for a in (params, velocity)
    ]
    grads = gradients(small, x, y, 1.0)
    v = [momentum * old + g for old, g in zip(v, grads)]
    small = [w - lr * now for w, now in zip(small, v)]
    result = []
    for whole, part in ((params, small), (velocity, v)):
        whole = [np.array(a) for a in whole]
        for place, j in enumerate(kept):
            whole[0][j], whole[1][j], whole[2][:, j] = part[0][place], part[1][place], part[2][:, place]
        result.append([*whole[:3], part[3]])
    return result


# %% the mean difference question="q2" violates="a gap is the largest difference of any weight"
def gaps(params, xs, ys, masks, lr, momentum):
    masked = deleted = params, [np.zeros_like(a) for a in params]
    found = []
    for x, y, mask in zip(xs, ys, masks):
        masked = masked_step(*masked, x, y, mask, lr, momentum)
        deleted = deleting_step(*deleted, x, y, mask, lr, momentum)
        found.append(np.mean([np.abs(a - b).mean() for a, b in zip(masked[0], deleted[0])]))
    return np.array(found)


# %% the sign is left on question="q2" violates="a gap is the largest difference of any weight"
def gaps(params, xs, ys, masks, lr, momentum):
    masked = deleted = params, [np.zeros_like(a) for a in params]
    found = []
    for x, y, mask in zip(xs, ys, masks):
        masked = masked_step(*masked, x, y, mask, lr, momentum)
        deleted = deleting_step(*deleted, x, y, mask, lr, momentum)
        found.append(max((a - b).max() for a, b in zip(masked[0], deleted[0])))
    return np.array(found)


# %% only the first matrix question="q2" violates="a gap is the largest difference of any weight"
def gaps(params, xs, ys, masks, lr, momentum):
    masked = deleted = params, [np.zeros_like(a) for a in params]
    found = []
    for x, y, mask in zip(xs, ys, masks):
        masked = masked_step(*masked, x, y, mask, lr, momentum)
        deleted = deleting_step(*deleted, x, y, mask, lr, momentum)
        found.append(np.abs(masked[0][0] - deleted[0][0]).max())
    return np.array(found)


# %% a new velocity at each step question="q2" violates="with momentum the two part"
def gaps(params, xs, ys, masks, lr, momentum):
    masked, deleted, found = params, params, []
    for x, y, mask in zip(xs, ys, masks):
        rest = [np.zeros_like(a) for a in params]
        masked, _ = masked_step(masked, rest, x, y, mask, lr, momentum)
        deleted, _ = deleting_step(deleted, rest, x, y, mask, lr, momentum)
        found.append(max(np.abs(a - b).max() for a, b in zip(masked, deleted)))
    return np.array(found)


# %% every step starts from the same weights question="q2" violates="with momentum the two part"
def gaps(params, xs, ys, masks, lr, momentum):
    rest, found = [np.zeros_like(a) for a in params], []
    for x, y, mask in zip(xs, ys, masks):
        masked, _ = masked_step(params, rest, x, y, mask, lr, momentum)
        deleted, _ = deleting_step(params, rest, x, y, mask, lr, momentum)
        found.append(max(np.abs(a - b).max() for a, b in zip(masked, deleted)))
    return np.array(found)


# %% one velocity for both question="q2" violates="a gap is the largest difference of any weight"
def gaps(params, xs, ys, masks, lr, momentum):
    masked, deleted, velocity, found = params, params, [np.zeros_like(a) for a in params], []
    for x, y, mask in zip(xs, ys, masks):
        deleted, _ = deleting_step(deleted, velocity, x, y, mask, lr, momentum)
        masked, velocity = masked_step(masked, velocity, x, y, mask, lr, momentum)
        found.append(max(np.abs(a - b).max() for a, b in zip(masked, deleted)))
    return np.array(found)


# %% compares with the start question="q2" violates="without momentum the two agree"
def gaps(params, xs, ys, masks, lr, momentum):
    masked, found = (params, [np.zeros_like(a) for a in params]), []
    for x, y, mask in zip(xs, ys, masks):
        masked = masked_step(*masked, x, y, mask, lr, momentum)
        found.append(max(np.abs(a - b).max() for a, b in zip(masked[0], params)))
    return np.array(found)


# %% only the last gap question="q2" violates="has the right shape"
def gaps(params, xs, ys, masks, lr, momentum):
    masked = deleted = params, [np.zeros_like(a) for a in params]
    for x, y, mask in zip(xs, ys, masks):
        masked = masked_step(*masked, x, y, mask, lr, momentum)
        deleted = deleting_step(*deleted, x, y, mask, lr, momentum)
    return np.array([max(np.abs(a - b).max() for a, b in zip(masked[0], deleted[0]))])


# %% one long vector question="q2"
def gaps(params, xs, ys, masks, lr, momentum):
    zeros = [0 * a for a in params]
    histories = []
    for step in (masked_step, deleting_step):
        state, history = ([a.copy() for a in params], zeros), []
        for i in range(len(xs)):
            state = step(state[0], state[1], xs[i], ys[i], masks[i], lr, momentum)
            history.append(np.concatenate([a.ravel() for a in state[0]]))
        histories.append(np.stack(history))
    return abs(histories[0] - histories[1]).max(axis=1)


# %% in float32 question="q2"
def gaps(params, xs, ys, masks, lr, momentum):
    small = [a.astype(np.float32) for a in params]
    one = other = small, [np.zeros_like(a) for a in small]
    found = np.zeros(len(masks))
    for i, (x, y, mask) in enumerate(zip(xs.astype(np.float32), ys, masks)):
        one = masked_step(*one, x, y, mask, np.float32(lr), np.float32(momentum))
        other = deleting_step(*other, x, y, mask, np.float32(lr), np.float32(momentum))
        one, other = ([[a.astype(np.float32) for a in part] for part in state] for state in (one, other))
        found[i] = max(np.abs(a - b).max() for a, b in zip(one[0], other[0]))
    return found


# %% counts from zero question="q3" violates="the first gap above rounding"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.0).max()
first_apart = np.argmax(gaps(start, xs, ys, masks, 0.01, 0.9) > 1e-9)
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 9
still_equal = ["clipping", "falling learning rate"]

# %% the same momentum for both gaps question="q3" violates="without momentum the two agree"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.9).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 9
still_equal = ["clipping", "falling learning rate"]

# %% another learning rate question="q3" violates="the number is the measured one"
plain_gap = gaps(start, xs, ys, masks, 0.1, 0.0).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.1, 0.9)[-1]
coasting = 9
still_equal = ["clipping", "falling learning rate"]

# %% counts the first move too question="q3" violates="velocity fades by the factor momentum at each step"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.0).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 10
still_equal = ["clipping", "falling learning rate"]

# %% trusts weight decay question="q3" violates="a weight whose gradient is zero has to stay"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.0).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 9
still_equal = ["clipping", "falling learning rate", "weight decay"]

# %% distrusts clipping question="q3" violates="a weight whose gradient is zero has to stay"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.0).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 9
still_equal = ["falling learning rate"]

# %% a misspelled option question="q3" violates="is a list of options"
plain_gap = gaps(start, xs, ys, masks, 0.01, 0.0).max()
first_apart = 2
momentum_gap = gaps(start, xs, ys, masks, 0.01, 0.9)[-1]
coasting = 9
still_equal = ["falling learning rates", "clipping"]

# %% measured in a loop, coasting by simulation question="q3"
found = gaps(start, xs, ys, masks, 0.01, 0.9)
plain_gap = float(max(gaps(start, xs, ys, masks, 0.01, 0.0)))
first_apart = next(step for step, gap in enumerate(found, 1) if gap > 1e-6)
momentum_gap = float(found[-1].round(4))
coasting, velocity = 0.0, 1.0
for _ in range(500):
    velocity *= 0.9
    coasting += velocity
still_equal = ("clipping", "falling learning rate")

# %% in float32 question="q3"
start32 = [a.astype(np.float32) for a in start]
plain_gap = gaps(start32, xs.astype(np.float32), ys, masks, 0.01, 0.0).max()
found = gaps(start32, xs.astype(np.float32), ys, masks, 0.01, 0.9)
first_apart = np.flatnonzero(found > 1e-5)[0] + 1
momentum_gap = found[-1]
coasting = np.float32(9)
still_equal = ["clipping", "falling learning rate"]


# %% freezes the weights only question="q4" violates="a deleted unit's velocity waits"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask[:, None], mask, mask, True
    velocity = [momentum * v + g for v, g in zip(velocity, grads)]
    return [np.where(f, w - lr * v, w) for f, w, v in zip(free, params, velocity)], velocity


# %% freezes the velocity only question="q4" violates="a deleted unit's weights stay"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask[:, None], mask, mask, True
    velocity = [np.where(f, momentum * v + g, v) for f, v, g in zip(free, velocity, grads)]
    return [w - lr * v for w, v in zip(params, velocity)], velocity


# %% brakes to a halt question="q4" violates="a deleted unit's velocity waits"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask[:, None], mask, mask, True
    velocity = [(momentum * v + g) * f for f, v, g in zip(free, velocity, grads)]
    return [w - lr * v for w, v in zip(params, velocity)], velocity


# %% forgets the outgoing weights question="q4" violates="a deleted unit's weights stay"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask[:, None], mask, True, True
    velocity = [np.where(f, momentum * v + g, v) for f, v, g in zip(free, velocity, grads)]
    return [np.where(f, w - lr * v, w) for f, w, v in zip(free, params, velocity)], velocity


# %% freezes wherever the gradient is zero question="q4" violates="a survivor's velocity is momentum * velocity + gradient"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    velocity = [np.where(g != 0, momentum * v + g, v) for v, g in zip(velocity, grads)]
    return [np.where(g != 0, w - lr * v, w) for w, v, g in zip(params, velocity, grads)], velocity


# %% freezes the kept ones question="q4" violates="a deleted unit's weights stay"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = ~mask[:, None], ~mask, ~mask, True
    velocity = [np.where(f, momentum * v + g, v) for f, v, g in zip(free, velocity, grads)]
    return [np.where(f, w - lr * v, w) for f, w, v in zip(free, params, velocity)], velocity


# %% columns for rows question="q4" violates="runs without an error"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask, mask, mask, True
    velocity = [np.where(f, momentum * v + g, v) for f, v, g in zip(free, velocity, grads)]
    return [np.where(f, w - lr * v, w) for f, w, v in zip(free, params, velocity)], velocity


# %% writes into the velocity question="q4" violates="inputs are not modified"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = mask[:, None], mask, mask, np.True_
    for f, v, g in zip(free, velocity, grads):
        np.copyto(v, momentum * v + g, where=f)
    return [np.where(f, w - lr * v, w) for f, w, v in zip(free, params, velocity)], velocity


# %% the step times the mask question="q4"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    free = [mask.reshape(-1, 1), mask, mask, np.array(True)]
    change = [f * ((momentum - 1) * v + g) for f, v, g in zip(free, velocity, grads)]
    velocity = [v + c for v, c in zip(velocity, change)]
    return [w - lr * (v * f) for f, w, v in zip(free, params, velocity)], velocity


# %% copies and indices question="q4"
def frozen_step(params, velocity, grads, mask, lr, momentum):
    kept = np.flatnonzero(mask)
    places = (kept,), (kept,), (slice(None), kept), (slice(None),)
    new, moving = [w.copy() for w in params], [v.copy() for v in velocity]
    for w, v, g, place in zip(new, moving, grads, places):
        v[place] = momentum * v[place] + g[place]
        w[place] -= lr * v[place]
    return [new, moving]
