"""Genuine answers to the five questions, and strings that only look like answers."""

from __future__ import annotations

# (question, answer): each answer must keep its points.
HONEST: tuple[tuple[int, str], ...] = (
    (
        3,
        "- image names and tags of the containers\n- URL of model and of data, format of data\n- command and "
        "environment variables\n- volumes, networks, ports, depends_on\n- resource limits like memory and cpu\n"
        "- user token for authentication, and an id for the answer so that the client can fetch the result later\n",
    ),
    (
        4,
        "### **GPU support**\n\n1. **Base image**: libraries of the vendor inside\n"
        "2. **Device reservation**: `deploy.resources.reservations.devices`, capabilities\n\n"
        "### **Processor architectures**\n\n| Architecture | Setting | Remark |\n|---|---|---|\n"
        "| x86_64 | `platform: linux/amd64` | default on most computers |\n"
        "| ARM64 | `platform: linux/arm64` | AWS Graviton, newer notebooks |\n\n"
        "### **Resource limits**\n\n- `cpus` - maximum number of processor cores\n- `mem_limit` - maximum memory "
        "size\n- `cpuset` - specific cores for codebase\n",
    ),
    (
        1,
        "You can use it if you want to deploy a trained network on another computer. Docker compose starts all three "
        "containers with one command. It solves the problem that everyone has different versions of Python and the "
        "libraries, so it runs on my laptop and also on the tutor's.",
    ),
    (
        1,
        "Die docker-compose.yml eignet sich für jedes Szenario, in dem ein trainiertes Modell mit neuen Daten "
        "aktiviert werden soll, zum Beispiel in der Lehre oder auf einem Server. Gelöst wird das Problem, dass "
        "PyBrain auf aktuellen Rechnern nicht mehr installiert werden kann: alles Nötige steckt im Container, und "
        "die Reihenfolge wird durch depends_on geregelt.",
    ),
    (
        2,
        "- Copy the new model as currentSolution.pkl into the folder of container 2\n"
        "- Rebuild the image with docker build\n"
        "- If the model has another name, set MODEL_PATH in the environment of codebase\n"
        "- If it expects other inputs, change the csv file in container 1 as well\n"
        "- Nothing else in the compose file has to be touched, because the volume stays the same\n",
    ),
    (
        2,
        "Actually not much. In our compose file the knowledgebase service uses the image knowledgebase_app07, so we "
        "just rebuild this image with the new pkl in it. Alternatively one mounts the model as a volume; then the "
        "image does not need to be built again and only the path has to be adapted.",
    ),
    (
        2,
        "Das Modell liegt als .pkl im zweiten Container. Um ein anderes anzuwenden, tauscht man die Datei aus und baut "
        "das Image neu, oder man bindet sie per Volume ein. Wichtig ist, dass die Anzahl der Eingänge zu den Daten "
        "passt, sonst gibt activate einen Fehler. Der Pfad steht in der Umgebungsvariable MODEL_PATH.",
    ),
    (
        3,
        "A request would need:\n1. the URL of the model\n2. the URL or the content of the data\n3. the image names and "
        "their tags\n4. environment variables such as MODEL_PATH\n5. which ports and volumes are used\n6. a token, "
        "so that not everybody can start containers on our server\n\nI would send it as JSON with a POST request.",
    ),
    (
        3,
        "Die Anfrage muss mindestens sagen, welches Modell und welche Daten verwendet werden sollen (jeweils eine URL), "
        "welche Images gestartet werden und welche Abhängigkeiten zwischen ihnen bestehen. Als Format bietet sich "
        "JSON an. Der Algorithmus füllt damit eine Vorlage und schreibt die fertige YAML-Datei. Ohne Prüfung der "
        "Werte wäre das natürlich gefährlich.",
    ),
    (
        4,
        "For a GPU you need the nvidia container toolkit on the host, and in the compose file you add deploy, "
        "resources, reservations, devices with driver nvidia. The base image has to be changed too, since slim python "
        "has no CUDA. For ARM (e.g. a Raspberry Pi or Apple M1) you set platform: linux/arm64 and build with buildx.",
    ),
    (
        4,
        "CPU:\n- nothing to change, maybe limit the cores with cpus: 2\nGPU:\n- runtime nvidia, other base image, and "
        "a library which can use it (PyBrain itself can not!)\nOther architectures:\n- the images must exist for this "
        "platform, python and busybox do\n- build multi-arch images with docker buildx, so everybody gets the "
        "right one\n",
    ),
    (
        5,
        "Abzugeben sind die drei Ordner mit ihren Dockerfiles, dazu currentActivation.csv, currentSolution.pkl und "
        "UE_07_App5.py, außerdem der komplette pybrain-Ordner. Ganz oben liegen docker-compose.yml, README.md und "
        "discussion.txt. Am besten packt man alles in ein zip, ohne __pycache__ und ohne die Ergebnisse.",
    ),
    (
        5,
        "All Dockerfiles, the docker-compose.yml, the data and the model, our python script, the pybrain library and "
        "the README. Without the library the tutor cannot build container 3. We hand it in as one zip file or as a "
        "link to the repository. The shared_data folder should be there but empty.",
    ),
    (
        5,
        "we submit everything that is needed to build and to run it, that means the 3 container folders (Dockerfile + "
        "files which are copied), docker-compose.yml, readme, this discussion and the scripts App07.py, "
        "prepare_files.py and so on. Not submitted: the venv, git history, outputs of old runs, because the tutor makes "
        "new ones.",
    ),
)  # fmt: skip

_TOPICS = "compose docker container scenario deploy environment model volume path image request json data gpu cpu file"
FILLER: dict[str, tuple[str, str]] = {
    "lorem ipsum with the topic in it": (
        "docker scenario " + "lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt ut "
        "labore et dolore magna aliqua enim minim veniam quis nostrud exercitation ullamco laboris nisi aliquip "
        "commodo consequat duis aute irure reprehenderit voluptate velit esse cillum fugiat nulla pariatur",
        "it is a list of words without sentences",
    ),
    "the keywords again and again": ((_TOPICS + " ") * 4, "it is a list of words without sentences"),
    "dictionary words": (
        "docker scenario apple quartz lantern bicycle meadow violin harbour compass glacier pepper saddle thunder "
        "orchard mirror canyon feather anchor blanket cactus dolphin engine falcon garden hammer island jungle kitten "
        "ladder magnet needle ocean parrot quiver rocket silver tunnel umbrella valley window yellow zebra basket",
        "it is a list of words without sentences",
    ),
    "one sentence again and again": (
        "The docker container can be used in a scenario with a model on every computer of the world. " * 5,
        "it repeats the same words",
    ),
    "three sentences again and again": (
        "The docker container can be used in a scenario with a model on every computer of the world. Then somebody "
        "else has only to type one command, and after a short while all results stand in that folder. Nobody needs to "
        "install Python for this, because each library was put into our image while it was being built. " * 4,
        "it repeats the same sentences",
    ),
    "no sentences": (
        "docker is for every scenario that we have and so the people who do it can have what they want when it is there "
        "because all of this was in one place for them and nobody knew how it came to be or where it would have gone if "
        "they had not found this other thing before us all in that old garden by the river",
        "it has no sentences",
    ),
    "a compose file": (
        "services:\n  activationbase:\n    image: activationbase\n    scenario: docker\n" + "".join(
            f"  {name}:\n    build: {name}\n    restart: always\n    environment: production\n    command: start\n"
            for name in ("codebase", "knowledge", "serving", "proxy", "worker", "queue", "cache", "database")
        ),
        "it is a list of words without sentences",
    ),
    "the question as statements": (
        "In what scenario the docker-compose file can be used.\nWhich problem the compose file does solve.\n"
        "The docker-compose scenario file used to solve the problem.\n" * 4,
        "has 0 words of its own",
    ),
}  # fmt: skip
