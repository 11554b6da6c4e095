"""`datagen view`: one page per dataset, with lineage, mistakes and look-alikes."""
