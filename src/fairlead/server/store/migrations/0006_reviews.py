"""Review environments of pull requests, and releases that go there alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0005_deployments"),
    ]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="pull_request",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="environment",
            name="closing",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="environment",
            name="removed",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="environment",
            name="job_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="environment",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="environment",
            name="due",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="pull_request",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="release",
            name="trusted",
            field=models.BooleanField(default=True),
        ),
    ]
