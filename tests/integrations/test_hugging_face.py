"""transformers, peft and accelerate: models, collators, folders and the trainer, as they are."""

import copy

import numpy as np
import pytest
import torch

import explorer
from explorer import Grid, Objective
from explorer.checkpoints import read_checkpoint, read_trajectory
from explorer.integrations import hugging_face
from tests.support.planes import random_plane

pytestmark = [pytest.mark.integrations, pytest.mark.filterwarnings("default")]
transformers = pytest.importorskip("transformers")

VOCABULARY = 20


def language_model(seed=0, **options):
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=16, n_embd=8, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0, **options
    )
    return transformers.GPT2LMHeadModel(config)


def texts():
    """Rows of token numbers of different lengths, padded batch by batch, as a collator does it."""
    generator = torch.Generator().manual_seed(0)
    rows = [torch.randint(1, VOCABULARY, (n,), generator=generator) for n in (9, 4, 6, 3, 8, 2, 5)]
    for start in range(0, len(rows), 3):
        batch = rows[start : start + 3]
        longest = max(map(len, batch))
        ids = torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in batch])
        mask = torch.stack([torch.nn.functional.pad(torch.ones_like(row), (0, longest - len(row))) for row in batch])
        data = {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}
        yield transformers.BatchEncoding(data)


def moved(model, theta):
    fresh = copy.deepcopy(model).eval()
    torch.nn.utils.vector_to_parameters(theta, fresh.parameters())
    return fresh


def token_mean(model):
    """The mean over all predicted tokens, by transformers' own num_items_in_batch."""
    batches = list(texts())
    items = sum(int((batch["labels"][:, 1:] != -100).sum()) for batch in batches)
    return sum(model(**batch, num_items_in_batch=items).loss for batch in batches)


def test_a_language_model_is_the_mean_over_its_tokens():
    model = language_model()
    objective = hugging_face(model, list(texts()))
    for theta in (objective.theta, objective.theta + 0.05):
        fresh = moved(model, theta)
        expected = token_mean(fresh)
        # float32: 6e-8 of a loss of 3, in sums of 40 terms.
        assert objective(theta).item() == pytest.approx(expected.item(), rel=1e-6)
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(expected, list(fresh.parameters()))])
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(objective(leaf), leaf)
        torch.testing.assert_close(slope, gradient, rtol=1e-4, atol=1e-6)


def test_one_batch_is_the_models_own_loss_to_the_bit():
    model, batch = language_model(), next(iter(texts()))
    objective = hugging_face(model, [batch])
    with torch.no_grad():
        assert objective(objective.theta).item() == copy.deepcopy(model).eval()(**batch).loss.item()


def test_a_sweep_with_gradient_and_curvature():
    objective = hugging_face(language_model(), list(texts()))
    plane = random_plane(objective)
    grid = Grid({"alpha": (-0.3, 0.3, 3), "beta": (0.0, 0.3, 2)})
    found = explorer.sweep(objective, plane, grid, quantities=("loss", "gradient", "curvature"), progress=False)
    theta = plane.at([[-0.3, 0.3]])[0]
    np.testing.assert_allclose(found.loss[0, 1], token_mean(moved(language_model(), theta)).item(), rtol=1e-5)
    assert np.isfinite(found.curvature.values).all()


def test_gradient_checkpointing_changes_nothing():
    model, plain = language_model(), language_model()
    model.gradient_checkpointing_enable()
    objective, other = (hugging_face(each, list(texts())) for each in (model, plain))
    theta = objective.theta + 0.05
    slopes = []
    for each in (objective, other):
        leaf = theta.clone().requires_grad_()
        slopes.append(torch.autograd.grad(each(leaf), leaf)[0])
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-6)


def test_classes_are_means_over_rows():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    model = transformers.BertForSequenceClassification(config)
    batches = [dict(batch) | {"labels": torch.arange(len(batch["input_ids"])) % 2} for batch in texts()]
    objective = hugging_face(model, batches)
    theta = objective.theta + 0.05
    fresh = moved(model, theta)
    with torch.no_grad():
        rows = [(len(batch["labels"]), fresh(**batch).loss) for batch in batches]
    expected = sum(n * loss.item() for n, loss in rows) / sum(n for n, _ in rows)
    assert objective(theta).item() == pytest.approx(expected, rel=1e-6)


def test_adapters_come_and_go_by_their_own_files(tmp_path):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True)
    model = peft.get_peft_model(language_model(), config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    objective = hugging_face(model, list(texts()), parameters="trainable")
    assert len(objective.theta) == sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.save_pretrained(tmp_path / "adapter")
    for source in (tmp_path / "adapter", tmp_path / "adapter" / "adapter_model.safetensors"):
        assert torch.equal(read_checkpoint(objective, source), objective.theta)


def test_folders_and_shards_are_read(tmp_path):
    model = language_model(1)
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    objective = hugging_face(language_model(), list(texts()))
    expected = hugging_face(model, list(texts())).theta
    for folder in ("whole", "shards"):
        assert torch.equal(read_checkpoint(objective, tmp_path / folder), expected)


def test_the_trainer_is_recorded_and_its_folders_are_a_path(tmp_path):
    pytest.importorskip("accelerate")
    rows = [{key: each[i] for key, each in batch.items()} for batch in texts() for i in range(1)]
    model = language_model()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "run"), max_steps=4, save_steps=2, per_device_train_batch_size=1, report_to="none",
        gradient_accumulation_steps=2, logging_steps=1, use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = transformers.Trainer(model=model, args=arguments, train_dataset=rows)
    trainer.create_optimizer()
    with explorer.record(model, to=tmp_path / "recorded", every=1, optimizer=trainer.optimizer):
        trainer.train()
    objective = hugging_face(model, list(texts()))
    path = read_trajectory(objective, tmp_path / "run")
    assert path.steps.tolist() == [2, 4]
    recorded = read_trajectory(objective, tmp_path / "recorded")
    assert recorded.steps.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(recorded.thetas[[2, 4]], path.thetas)


def test_as_terms_it_is_what_it_was():
    model = language_model()
    objective = Objective(model, terms={"lm": token_mean})
    assert objective(objective.theta).item() == pytest.approx(
        hugging_face(model, list(texts()))(objective.theta).item(), rel=1e-6
    )


def test_a_callback_records_the_trainers_own_losses(tmp_path):
    pytest.importorskip("accelerate")
    rows = [{key: each[0] for key, each in batch.items()} for batch in texts()]
    model = language_model()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "run"), max_steps=3, per_device_train_batch_size=1, report_to="none", save_steps=99,
        gradient_accumulation_steps=2, logging_steps=1, use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    recording = explorer.integrations.hugging_face_callback(tmp_path / "recorded", every=1)
    trainer = transformers.Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[recording])
    trainer.train()
    path = read_trajectory(hugging_face(model, list(texts())), tmp_path / "recorded")
    told = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert path.steps.tolist() == [0, 1, 2, 3]
    assert path.losses[:3].tolist() == pytest.approx(told)
