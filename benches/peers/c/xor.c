/* xor-nn and xor-wide by hand in C: specialized for these two networks, vectorized by the compiler.
 *
 *     cc -O3 -march=native -o xor xor.c -lm && ./xor --workload xor-wide --samples 5
 *
 * Sizes are fixed at compile time and every inner loop runs over the four samples, side by side.
 * Data, weights and protocol are those of ../README.md. The loss of every step is kept. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 4, STEPS = 10001, EARLY = 8 };

/* ---- the formula of ../formula.py ---- */

static uint32_t mix(uint32_t h) {
    h = (h ^ (h >> 16)) * 0x7FEB352Du;
    h = (h ^ (h >> 15)) * 0x846CA68Bu;
    return h ^ (h >> 16);
}

static float drawn(uint32_t stream, uint32_t index, int inputs) {
    float share = (float)(mix(index + mix(777 + stream)) >> 8) / (1 << 23) - 1;
    return share * (float)(1 / sqrt(inputs));
}

/* ---- arithmetic ---- */

/* e^x to an ulp or two (Cephes' expf): x = n ln 2 + r, a polynomial in r, n into the exponent.
 * Branch-free, so that loops of it become vectors. */
static inline float fast_exp(float x) {
    const float round = 0x1.8p23f;
    x = x < -87 ? -87 : x > 87 ? 87 : x;
    float n = (x * 1.44269504f + round) - round;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float sigmoid(float z) { return 1 / (1 + fast_exp(-z)); }

static const float X[2][SAMPLES] = {{0, 0, 1, 1}, {0, 1, 0, 1}};
static const float T[SAMPLES] = {0, 1, 1, 0};

/* One logarithm for the product of four likelihoods. */
static inline float mean_bce(const float p[SAMPLES]) {
    float likelihood = 1;
    for (int s = 0; s < SAMPLES; s++) likelihood *= T[s] > 0 ? p[s] : 1 - p[s];
    return -logf(likelihood) / SAMPLES;
}

/* ---- a dense layer of sigmoid units: W[O][I], b[O], values [unit][sample] ---- */

typedef float Lanes[SAMPLES];

static inline __attribute__((always_inline)) void
forward(int inputs, int outputs, const float *w, const float *b, const Lanes *restrict x, Lanes *restrict y) {
    for (int o = 0; o < outputs; o++) {
        Lanes z;
        for (int s = 0; s < SAMPLES; s++) z[s] = b[o];
        for (int i = 0; i < inputs; i++)
            for (int s = 0; s < SAMPLES; s++) z[s] += w[o * inputs + i] * x[i][s];
        for (int s = 0; s < SAMPLES; s++) y[o][s] = sigmoid(z[s]);
    }
}

/* d_x = (W^T d_z) x (1 - x): what the layer below has as its d_z. */
static inline __attribute__((always_inline)) void
backward(int inputs, int outputs, const float *w, const Lanes *restrict d_z, const Lanes *restrict x, Lanes *restrict d_x) {
    for (int i = 0; i < inputs; i++) {
        Lanes sum = {0};
        for (int o = 0; o < outputs; o++)
            for (int s = 0; s < SAMPLES; s++) sum[s] += w[o * inputs + i] * d_z[o][s];
        for (int s = 0; s < SAMPLES; s++) d_x[i][s] = sum[s] * x[i][s] * (1 - x[i][s]);
    }
}

/* Learning rate 1. The sums over samples are written as trees: the compiler may not reorder them. */
static inline __attribute__((always_inline)) void
update(int inputs, int outputs, float *w, float *b, const Lanes *restrict d_z, const Lanes *restrict x) {
    for (int o = 0; o < outputs; o++) {
        const float *d = d_z[o];
        for (int i = 0; i < inputs; i++)
            w[o * inputs + i] -= (d[0] * x[i][0] + d[1] * x[i][1]) + (d[2] * x[i][2] + d[3] * x[i][3]);
        b[o] -= (d[0] + d[1]) + (d[2] + d[3]);
    }
}

/* ---- the two networks ---- */

enum { HIDDEN = 10 };

typedef struct {
    float w1[2 * 2], b1[2], w2[2], b2[1];
} Small;

typedef struct {
    float w1[HIDDEN * 2], b1[HIDDEN], w2[HIDDEN * HIDDEN], b2[HIDDEN];
    float w3[HIDDEN * HIDDEN], b3[HIDDEN], w4[HIDDEN], b4[1];
} Wide;

/* A step; leaves the predictions from before it in p. */
static inline void step_small(Small *net, Lanes p[1]) {
    Lanes a[2], d_a[2], d_p[1];
    forward(2, 2, net->w1, net->b1, X, a);
    forward(2, 1, net->w2, net->b2, a, p);
    for (int s = 0; s < SAMPLES; s++) d_p[0][s] = (p[0][s] - T[s]) / SAMPLES;
    backward(2, 1, net->w2, d_p, a, d_a);
    update(2, 1, net->w2, net->b2, d_p, a);
    update(2, 2, net->w1, net->b1, d_a, X);
}

static inline void step_wide(Wide *net, Lanes p[1]) {
    Lanes a[HIDDEN], b[HIDDEN], c[HIDDEN], d_a[HIDDEN], d_b[HIDDEN], d_c[HIDDEN], d_p[1];
    forward(2, HIDDEN, net->w1, net->b1, X, a);
    forward(HIDDEN, HIDDEN, net->w2, net->b2, a, b);
    forward(HIDDEN, HIDDEN, net->w3, net->b3, b, c);
    forward(HIDDEN, 1, net->w4, net->b4, c, p);
    for (int s = 0; s < SAMPLES; s++) d_p[0][s] = (p[0][s] - T[s]) / SAMPLES;
    backward(HIDDEN, 1, net->w4, d_p, c, d_c);
    backward(HIDDEN, HIDDEN, net->w3, d_c, b, d_b);
    backward(HIDDEN, HIDDEN, net->w2, d_b, a, d_a);
    update(HIDDEN, 1, net->w4, net->b4, d_p, c);
    update(HIDDEN, HIDDEN, net->w3, net->b3, d_c, b);
    update(HIDDEN, HIDDEN, net->w2, net->b2, d_b, a);
    update(2, HIDDEN, net->w1, net->b1, d_a, X);
}

/* ---- the protocol ---- */

static float history[STEPS];

static void train_small(void *net, int steps) {
    Lanes p[1];
    for (int i = 0; i < steps; i++) {
        step_small(net, p);
        history[i] = mean_bce(p[0]);
    }
}

static void train_wide(void *net, int steps) {
    Lanes p[1];
    for (int i = 0; i < steps; i++) {
        step_wide(net, p);
        history[i] = mean_bce(p[0]);
    }
}

/* The loss of the present weights: that of a step on a copy. */
static float loss_small(const void *net) {
    Small copy = *(const Small *)net;
    Lanes p[1];
    step_small(&copy, p);
    return mean_bce(p[0]);
}

static float loss_wide(const void *net) {
    Wide copy = *(const Wide *)net;
    Lanes p[1];
    step_wide(&copy, p);
    return mean_bce(p[0]);
}

typedef struct {
    const char *name;
    int widths[6];
    void (*train)(void *net, int steps);
    float (*loss)(const void *net);
} Workload;

static const Workload WORKLOADS[] = {
    {"xor-nn", {2, 2, 1}, train_small, loss_small},
    {"xor-wide", {2, HIDDEN, HIDDEN, HIDDEN, 1}, train_wide, loss_wide},
};

/* Both networks are W then b, layer by layer, without gaps. */
static void start(const Workload *workload, float *net) {
    for (int l = 0; workload->widths[l + 1]; l++) {
        int inputs = workload->widths[l], outputs = workload->widths[l + 1];
        for (int i = 0; i < inputs * outputs; i++) *net++ = drawn(1 + 2 * l, i, inputs);
        for (int o = 0; o < outputs; o++) *net++ = drawn(2 + 2 * l, o, inputs);
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void samples(const Workload *workload, int count) {
    union { Small small; Wide wide; float words[1]; } net;
    start(workload, net.words);
    workload->train(&net, EARLY);
    float early = workload->loss(&net);
    for (int i = 0; i < count; i++) {
        double began = now();
        start(workload, net.words);
        double started = now();
        workload->train(&net, STEPS);
        double warm = now();
        float once = workload->loss(&net);
        double again = now();
        workload->train(&net, STEPS);
        double done = now();
        printf("{\"program\": \"c\", \"version\": \"%s\", \"device\": \"cpu\", \"workload\": \"%s\", "
               "\"steps\": %d, \"seconds\": %.9g, \"total_seconds\": %.9g, \"warm_up_seconds\": %.9g, "
               "\"losses\": {\"early\": %.9g, \"once\": %.9g, \"twice\": %.9g}}\n",
               __VERSION__, workload->name, STEPS, done - again, done - again + started - began,
               warm - started, early, once, workload->loss(&net));
    }
}

int main(int count, char **words) {
    const char *name = NULL;
    int wanted = 1;
    for (int i = 1; i < count; i++) {
        if (!strcmp(words[i], "--describe")) {
            printf("{\"program\": \"c\", \"version\": \"%s\", \"device\": \"cpu\"}\n", __VERSION__);
            return 0;
        } else if (!strcmp(words[i], "--workload") && i + 1 < count) {
            name = words[++i];
        } else if (!strcmp(words[i], "--samples") && i + 1 < count) {
            wanted = atoi(words[++i]);
        } else {
            fprintf(stderr, "xor [--describe] [--workload xor-nn|xor-wide] [--samples N]\n");
            return 2;
        }
    }
    for (size_t i = 0; i < sizeof WORKLOADS / sizeof *WORKLOADS; i++)
        if (!name || !strcmp(name, WORKLOADS[i].name)) samples(&WORKLOADS[i], wanted);
    return 0;
}
