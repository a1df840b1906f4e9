# %% forgets x question="q1" violates="returns a list"
def forward(x, weights, shortcut):
    outputs = []
    for weight in weights:
        branch = np.maximum(x @ weight.T, 0)
        x = x + branch if shortcut else branch
        outputs.append(x)
    return outputs


# %% the matrix the wrong way round question="q1" violates="a layer is relu(h @ W.T)"
def forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = np.maximum(outputs[-1] @ weight, 0)
        outputs.append(outputs[-1] + branch if shortcut else branch)
    return outputs


# %% no ReLU question="q1" violates="a layer is relu(h @ W.T)"
def forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = outputs[-1] @ weight.T
        outputs.append(outputs[-1] + branch if shortcut else branch)
    return outputs


# %% the ReLU behind the sum question="q1" violates="a layer adds to what it gets"
def forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = outputs[-1] @ weight.T
        outputs.append(np.maximum(outputs[-1] + branch if shortcut else branch, 0))
    return outputs


# %% adds x, not what the layer got question="q1" violates="a layer adds to what it gets"
def forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = np.maximum(outputs[-1] @ weight.T, 0)
        outputs.append(x + branch if shortcut else branch)
    return outputs


# %% adds in place question="q1" violates="inputs are not modified"
def forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = np.maximum(x @ weight.T, 0)
        if shortcut:
            x += branch
        else:
            x = branch
        outputs.append(x)
    return outputs


# %% as a tuple, with where question="q1"
def forward(x, weights, shortcut):
    outputs = (x,)
    for weight in weights:
        z = np.einsum("ni,oi->no", outputs[-1], weight)
        outputs += (np.where(z > 0, z, 0) + shortcut * outputs[-1],)
    return outputs


# %% by recursion question="q1"
def forward(x, weights, shortcut):
    if not weights:
        return [x.copy()]
    h = (weights[0] @ x.T).T
    h = h * (h > 0)
    if shortcut:
        h = h + x
    return [x, *forward(h, weights[1:], shortcut)]


# %% forgets the ReLU question="q2" violates="a gradient passes where the ReLU let pass, and then the weights"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        gradient = gradients[0] @ weight
        gradients.insert(0, gradient + gradients[0] if shortcut else gradient)
    return gradients


# %% lets pass where the ReLU got 0 question="q2" violates="a gradient passes where the ReLU let pass, and then the weights"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        gradient = (gradients[0] * (h @ weight.T >= 0)) @ weight
        gradients.insert(0, gradient + gradients[0] if shortcut else gradient)
    return gradients


# %% the matrix the wrong way round question="q2" violates="a gradient passes where the ReLU let pass, and then the weights"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        gradient = (gradients[0] * (h @ weight.T > 0)) @ weight.T
        gradients.insert(0, gradient + gradients[0] if shortcut else gradient)
    return gradients


# %% the shortcut's gradient is lost question="q2" violates="the gradient comes back along both ways"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        gradients.insert(0, (gradients[0] * (h @ weight.T > 0)) @ weight)
    return gradients


# %% the shortcut goes through the ReLU question="q2" violates="the gradient comes back along both ways"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        passed = gradients[0] * (h @ weight.T > 0)
        gradient = passed @ weight
        gradients.insert(0, gradient + passed if shortcut else gradient)
    return gradients


# %% asks the output of the block question="q2" violates="the gradient comes back along both ways"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for y, weight in zip(outputs[:0:-1], weights[::-1]):
        gradient = (gradients[0] * (y > 0)) @ weight
        gradients.insert(0, gradient + gradients[0] if shortcut else gradient)
    return gradients


# %% in the order of the way back question="q2" violates="the last one is dy"
def backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1]):
        gradient = (gradients[-1] * (h @ weight.T > 0)) @ weight
        gradients.append(gradient + gradients[-1] if shortcut else gradient)
    return gradients


# %% from the outputs alone question="q2"
def backward(dy, outputs, weights, shortcut):
    found = [None] * len(weights) + [dy]
    for i in reversed(range(len(weights))):
        branch = outputs[i + 1] - shortcut * outputs[i]
        rounding = 1e-9 * np.abs(branch).max() if shortcut else 0
        slope = np.where(branch > rounding, 1.0, 0.0)
        found[i] = np.einsum("no,oi->ni", slope * found[i + 1], weights[i]) + shortcut * found[i + 1]
    return found


# %% example by example question="q2"
def backward(dy, outputs, weights, shortcut):
    back = [dy]
    for h, weight in zip(reversed(outputs[:-1]), reversed(weights)):
        rows = []
        for one, row in zip(h, back[-1]):
            jacobian = np.diag((weight @ one > 0).astype(float)) @ weight
            rows.append(row @ (jacobian + np.eye(len(one)) if shortcut else jacobian))
        back.append(np.array(rows))
    return tuple(back[::-1])


# %% the other way up question="q3" violates="the first norm divided by the last"
def ratio(dy, x, weights, shortcut):
    first = backward(dy, forward(x, weights, shortcut), weights, shortcut)[0]
    return np.linalg.norm(dy) / np.linalg.norm(first)


factor_small, factor_half = (64 * 0.01**2 / 2) ** 15, 0.5**30


# %% does not divide question="q3" violates="the first norm divided by the last"
def ratio(dy, x, weights, shortcut):
    return np.linalg.norm(backward(dy, forward(x, weights, shortcut), weights, shortcut)[0])


factor_small, factor_half = (64 * 0.01**2 / 2) ** 15, 0.5**30


# %% the squares question="q3" violates="each layer multiplies by sqrt(n v / 2)"
def ratio(dy, x, weights, shortcut):
    first = backward(dy, forward(x, weights, shortcut), weights, shortcut)[0]
    return np.linalg.norm(first) / np.linalg.norm(dy)


factor_small, factor_half = (64 * 0.01**2 / 2) ** 30, 0.25**30

# %% the deviation for the variance question="q3" violates="each layer multiplies by sqrt(n v / 2)"
def ratio(dy, x, weights, shortcut):
    first = backward(dy, forward(x, weights, shortcut), weights, shortcut)[0]
    return np.linalg.norm(first) / np.linalg.norm(dy)


factor_small, factor_half = (64 * 0.01 / 2) ** 15, 0.5**30


# %% the root of a sum of squares question="q3"
def ratio(dy, x, weights, shortcut):
    gradients = backward(dy, forward(x, weights, shortcut), weights, shortcut)
    first, last = ((gradient**2).sum() ** 0.5 for gradient in (gradients[0], gradients[-1]))
    return float(first / last)


factor_half = 2.0**-30
factor_small = np.exp(30 * np.log(np.sqrt(64 * 1e-4 / 2)))

# %% another start question="q4" violates="is measured on the given networks"
def start(deviation):
    return [deviation * np.random.default_rng(5).standard_normal((64, 64)) for _ in range(30)]


small = ratio(dy, x, start(0.01), False)
he = ratio(dy, x, start(np.sqrt(2 / 64)), False)
he_shortcut = ratio(dy, x, start(np.sqrt(2 / 64)), True)
tenth_shortcut = ratio(dy, x, start(0.1 * np.sqrt(2 / 64)), True)
true_here = ["scale", "keep", "small"]

# %% the variance for the deviation question="q4" violates="is measured on the given networks"
small = ratio(dy, x, draw(0.01), False)
he = ratio(dy, x, draw(2 / 64), False)
he_shortcut = ratio(dy, x, draw(2 / 64), True)
tenth_shortcut = ratio(dy, x, draw(0.1 * 2 / 64), True)
true_here = ["scale", "keep", "small"]

# %% believes the story question="q4" violates="follows from the four ratios"
small = ratio(dy, x, draw(0.01), False)
he = ratio(dy, x, draw(np.sqrt(2 / 64)), False)
he_shortcut = ratio(dy, x, draw(np.sqrt(2 / 64)), True)
tenth_shortcut = ratio(dy, x, draw(0.1 * np.sqrt(2 / 64)), True)
true_here = ["vanish", "keep", "limit", "small"]

# %% shortcuts keep everything in order question="q4" violates="follows from the four ratios"
small = ratio(dy, x, draw(0.01), False)
he = ratio(dy, x, draw(np.sqrt(2 / 64)), False)
he_shortcut = ratio(dy, x, draw(np.sqrt(2 / 64)), True)
tenth_shortcut = ratio(dy, x, draw(0.1 * np.sqrt(2 / 64)), True)
true_here = ["scale", "keep", "limit", "small"]

# %% in a loop question="q4"
he_deviation = (2 / 64) ** 0.5
cases = [(0.01, False), (he_deviation, False), (he_deviation, True), (he_deviation / 10, True)]
small, he, he_shortcut, tenth_shortcut = (ratio(dy, x, draw(scale), way) for scale, way in cases)
true_here = ("keep", "small", "scale")
