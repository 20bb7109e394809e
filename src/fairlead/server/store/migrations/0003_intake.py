"""Deliveries of several builds, and what comes again by itself."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_wake"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recurrence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("cron", "Cron"), ("poll", "Poll")], max_length=10),
                ),
                ("spec", models.CharField(max_length=200)),
                ("due", models.DateTimeField()),
                ("reckoned", models.DateTimeField()),
                ("last", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
                ("refs", models.BinaryField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_once",
        ),
        migrations.AddField(
            model_name="delivery",
            name="numbers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveIntegerField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="replay",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="delivery",
            name="size",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="wanted",
            field=models.BinaryField(null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["received"], name="delivery_received"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fate__in", ("built", "ignored")), ("replay", False)),
                fields=("project", "source", "key"),
                name="delivery_once",
            ),
        ),
        migrations.AddField(
            model_name="recurrence",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="recurrences",
                to="store.project",
            ),
        ),
        migrations.AddIndex(
            model_name="recurrence",
            index=models.Index(fields=["due"], name="recurrence_due"),
        ),
        migrations.AddConstraint(
            model_name="recurrence",
            constraint=models.UniqueConstraint(fields=("project", "kind"), name="recurrence_once"),
        ),
    ]
