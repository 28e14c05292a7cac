"""What a lesson before or after the adversarial training may use."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from test_warm_up import make_config, make_gan

from a2i_tf.models.schedule import decay
from a2i_tf.training.budget import LessonBudget

RATE = 0.5


class LessonBudgetTest(tf.test.TestCase):
    def learn(self, share):
        """Returns the learning rate of every step of a lesson, and what was told of each."""
        config = dataclasses.replace(make_config(make_gan("tiny")), steps=100)
        rates, told = [], []
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="line")
        model.compile(keras.optimizers.SGD(RATE), "mse", jit_compile=False)
        budget = LessonBudget(config, share, tf.Variable(0.0, dtype=tf.float64), told.append)

        class Watch(keras.callbacks.Callback):
            def on_train_batch_begin(self, *_, **__):
                rates.append(float(model.optimizer.learning_rate.numpy()))

        one = np.ones((4, 1), np.float32)
        batches = tf.data.Dataset.from_tensors((one, one)).repeat()
        model.fit(batches, steps_per_epoch=50, epochs=3, verbose=0, callbacks=[budget, Watch()])
        return rates, told

    def test_it_takes_its_share_of_the_steps_and_slows_down(self):
        rates, told = self.learn(share=0.1)
        self.assertLen(told, 10)
        self.assertAllClose(rates, [RATE * decay(k / 10, 0.4) for k in range(1, 11)])
        self.assertLess(rates[-1], rates[0] / 10)

    def test_a_single_step_is_a_last_one(self):
        rates, told = self.learn(share=0.001)
        self.assertLen(told, 1)
        self.assertAllClose(rates, [RATE * decay(1.0, 0.4)])
