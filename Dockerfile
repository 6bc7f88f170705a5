# CPU image with every estimator:
#   docker build -t mlffbench .
#   docker run --rm -it -v "$PWD:/work" mlffbench run suite.yaml
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1
# torch for CPUs: the default of PyPI brings gigabytes of CUDA libraries
RUN pip install --index-url https://download.pytorch.org/whl/cpu "torch>=2.6,<2.14"

COPY pyproject.toml README.md LICENSE /src/
COPY mlffbench /src/mlffbench
RUN pip install "/src[all]"

# user 1000, so that results in the mounted folder belong to the usual first user of a machine
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /work
ENTRYPOINT ["mlffbench"]
CMD ["--help"]
