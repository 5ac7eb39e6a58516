"""What the docstrings of both estimators share."""

PARAMETERS = """\
    hidden_layer_sizes : array-like of int, default=(100,)
        Units of each hidden layer. None make a linear model.
    activation : {"relu", "tanh", "logistic", "leaky_relu", "elu", "gelu", "silu", "softplus"}, \
default="relu"
        The function of each hidden unit.
    solver : {"adam", "adamw", "sgd"}, default="adam"
        The optimizer.
    alpha : float, default=0.0001
        Strength of the L2 penalty, divided by the weight of a batch.
    batch_size : int, default="auto"
        Rows of a batch; "auto" means min(200, n_samples).
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        How SGD's learning rate falls from epoch to epoch.
    learning_rate_init : float, default=0.001
        The learning rate at the beginning.
    power_t : float, default=0.5
        The exponent of "invscaling".
    max_iter : int, default=200
        Epochs at most.
    shuffle : bool, default=True
        Whether each epoch has an order of its own.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, order, dropout and the rows set apart. The same number gives the same
        model, to the last bit, on any number of threads.
    tol : float, default=1e-4
        What the loss must fall, or the validation score rise, to count as an improvement.
    verbose : bool, default=False
        Whether each epoch is told, on the standard error: as a bar in terminals and notebooks.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights that there are.
    momentum : float, default=0.9
        SGD's momentum.
    nesterovs_momentum : bool, default=True
        Whether it is Nesterov's.
    early_stopping : bool, default=False
        Whether to stop where the score on rows set apart no longer improves, and keep the best weights.
    validation_fraction : float, default=0.1
        The share of the rows set apart; `fit` takes rows of your own instead.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decays of Adam's running means.
    epsilon : float, default=1e-8
        Added to Adam's denominator.
    n_iter_no_change : int, default=10
        Epochs without an improvement after which training stops.
"""

OWN_PARAMETERS = """\
    dropout : float or array-like of float, default=0.0
        The share of units left out of each step: of all hidden layers, or of each.
    layer_norm : bool, default=False
        Whether hidden layers are normalized (Ba et al. 2016).
    schedule : {"constant", "cosine", "one-cycle"}, dict or None, default=None
        The learning rate's course over the steps of `max_iter` epochs; a dict as halfplane's
        configuration files have it, such as `{"warmup": 100, "decay": {"cosine": {"floor": 0.01}}}`.
    weight_decay : float, default=None
        Beside `alpha`: added to the gradient by "adam" and "sgd", decoupled by "adamw", which has 0.01 by
        default.
    clip_norm : float, default=None
        All gradients are scaled where their joint norm is larger.
    initialization : str, default="scikit-learn"
        How initial weights are drawn: as scikit-learn draws them, or "pytorch", "xavier-uniform",
        "xavier-normal", "he-uniform", "he-normal", "lecun-uniform", "lecun-normal", "orthogonal".
    preprocess : {"auto", "always", "never"}, default="auto"
        Which DataFrames are prepared as the command line prepares files: those with anything but
        complete numbers, all, or none.
    categorical_features : array-like of str, default="from_dtype"
        Columns of such DataFrames whose numbers are categories; by default those that say so.
    device : str, default="auto"
        Where to train and predict: "cpu", "gpu", "software", a part of an adapter's name, or "auto" for
        the best graphics card where there is one and batches are large.
    n_jobs : int, default=None
        Threads on the CPU; -1 for all processors, None for as many as others leave: `OMP_NUM_THREADS`,
        joblib's workers, threadpoolctl.
    callbacks : callable or list of callables, default=None
        Each is told a `Progress` after each epoch; training stops where one returns True.
"""

ATTRIBUTES = """\
    coefs_ : list of ndarray of float32 of shape (n_inputs, n_units)
        The weights of each layer. Of a prepared DataFrame there are as many inputs as its columns make.
    intercepts_ : list of ndarray of float32 of shape (n_units,)
        The biases of each layer.
    loss_, best_loss_ : float
        The training loss of the last epoch and the least one (None with early stopping), without the
        penalty.
    loss_curve_ : list of float
        The training loss of each epoch.
    validation_scores_, best_validation_score_ : list of float, float
        With early stopping; otherwise None.
    n_iter_, t_ : int
        Epochs and rows seen.
    n_features_in_ : int
        Columns of `X`.
    feature_names_in_ : ndarray of str
        Their names, where `X` has such.
    n_layers_, n_outputs_ : int
        Layers with that of the inputs, and units of the last one.
    out_activation_ : str
        The function of the last layer.
    device_ : str
        The device that has trained it.
"""
